package podnet

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"

	core "k8s.io/api/core/v1"
)

// PublicIP is the annotation by which a node says where its end of the tunnels is.
const PublicIP = "flannel.alpha.coreos.com/public-ip"

// peer is another node as the pod network sees it.
type peer struct {
	subnet  netip.Prefix // its pods
	address net.IP       // its host
}

// peerOf reads a Node; one that has no pod network or no address yet is no peer yet.
func peerOf(node *core.Node) (peer, bool) {
	subnet, err := netip.ParsePrefix(node.Spec.PodCIDR)
	if err != nil {
		return peer{}, false
	}
	address := net.ParseIP(node.Annotations[PublicIP])
	for _, known := range node.Status.Addresses {
		if address == nil && known.Type == core.NodeInternalIP {
			address = net.ParseIP(known.Address)
		}
	}
	return peer{subnet: subnet, address: address}, address != nil
}

// gateway is the peer's own address within its pod network: the network's first, which no pod has.
func (p peer) gateway() net.IP { return p.subnet.Masked().Addr().AsSlice() }

// mac is the hardware address of a tunnel's end. It follows from the pod network, so no node has to
// be told another's.
func mac(subnet netip.Prefix) net.HardwareAddr {
	address := subnet.Masked().Addr().As4()
	return append(net.HardwareAddr{0x0a, 0x58}, address[:]...)
}

func network(subnet netip.Prefix) *net.IPNet {
	subnet = subnet.Masked()
	return &net.IPNet{
		IP:   subnet.Addr().AsSlice(),
		Mask: net.CIDRMask(subnet.Bits(), subnet.Addr().BitLen()),
	}
}

// conflist is the CNI configuration of a node whose pods have this network.
func conflist(subnet netip.Prefix, cluster string, mtu int) ([]byte, error) {
	type object = map[string]any
	return json.MarshalIndent(object{
		"cniVersion": "0.4.0",
		"name":       "cbr0",
		"plugins": []object{
			{
				"type":         "bridge",
				"bridge":       "cni0",
				"isGateway":    true,
				"hairpinMode":  true,
				"forceAddress": true,
				"mtu":          mtu,
				"ipam": object{
					"type":   "host-local",
					"ranges": [][]object{{{"subnet": subnet.String()}}},
					"routes": []object{{"dst": "0.0.0.0/0"}, {"dst": cluster}},
				},
			},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	}, "", "  ")
}

// rules are the iptables chains (for iptables-restore --noflush) that let pods' packets through and
// masquerade those that leave the cluster. kube-proxy's own mark is left to kube-proxy.
func rules(subnet netip.Prefix, cluster string) string {
	return fmt.Sprintf(`*nat
:FLANNEL-POSTRTG - [0:0]
-A FLANNEL-POSTRTG -m mark --mark 0x4000/0x4000 -j RETURN
-A FLANNEL-POSTRTG -s %[1]s -d %[2]s -j RETURN
-A FLANNEL-POSTRTG -s %[2]s -d %[1]s -j RETURN
-A FLANNEL-POSTRTG ! -s %[2]s -d %[1]s -j RETURN
-A FLANNEL-POSTRTG -s %[2]s ! -d 224.0.0.0/4 -j MASQUERADE --random-fully
-A FLANNEL-POSTRTG ! -s %[2]s -d %[2]s -j MASQUERADE --random-fully
COMMIT
*filter
:FLANNEL-FWD - [0:0]
-A FLANNEL-FWD -s %[2]s -j ACCEPT
-A FLANNEL-FWD -d %[2]s -j ACCEPT
COMMIT
`, subnet, cluster)
}
