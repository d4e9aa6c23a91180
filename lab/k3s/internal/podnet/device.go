package podnet

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/vishvananda/netlink"
)

const (
	device   = "flannel.1"
	vni      = 1
	port     = 8472
	overhead = 50 // bytes that VXLAN adds to a packet
	loopback = "lo"
)

// findDevice finds the interface between hosts, and its address.
func (n *fabric) findDevice() error {
	all, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, one := range all {
		addresses, err := one.Addrs()
		if err != nil || one.Name == loopback {
			continue
		}
		for _, address := range addresses {
			held, ok := address.(*net.IPNet)
			if !ok || held.IP.To4() == nil {
				continue
			}
			if one.Name == n.Device || n.Device == "" && held.IP.Equal(net.ParseIP(n.Address)) {
				n.external, n.local = &one, held.IP
				return nil
			}
		}
	}
	if n.Device != "" {
		return fmt.Errorf("flannel-iface: there is no interface %s with an IPv4 address", n.Device)
	}
	return fmt.Errorf("node-ip: no interface has the address %s", n.Address)
}

func (n *fabric) mtu() int {
	if n.Backend == "vxlan" {
		return n.external.MTU - overhead
	}
	return n.external.MTU
}

// ensureTunnel makes the VXLAN device, anew when an earlier one was made otherwise.
func (n *fabric) ensureTunnel(subnet netip.Prefix) error {
	want := &netlink.Vxlan{
		LinkAttrs:    netlink.LinkAttrs{Name: device, MTU: n.mtu(), HardwareAddr: mac(subnet)},
		VxlanId:      vni,
		VtepDevIndex: n.external.Index,
		SrcAddr:      n.local,
		Port:         port,
		Learning:     false,
	}
	if old, err := netlink.LinkByName(device); err == nil {
		if same(old, want) {
			return nil
		}
		if err := netlink.LinkDel(old); err != nil {
			return fmt.Errorf("%s: %w", device, err)
		}
	}
	if err := netlink.LinkAdd(want); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	link, err := netlink.LinkByName(device)
	if err != nil {
		return err
	}
	own := peer{subnet: subnet}.gateway()
	address := &netlink.Addr{IPNet: &net.IPNet{IP: own, Mask: net.CIDRMask(32, 32)}}
	if err := netlink.AddrReplace(link, address); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return netlink.LinkSetUp(link)
}

func same(old netlink.Link, want *netlink.Vxlan) bool {
	have, ok := old.(*netlink.Vxlan)
	return ok && have.VxlanId == want.VxlanId && have.VtepDevIndex == want.VtepDevIndex &&
		have.SrcAddr.Equal(want.SrcAddr) && have.Port == want.Port &&
		bytes.Equal(have.HardwareAddr, want.HardwareAddr) && have.MTU == want.MTU
}

// tunnels makes routes, neighbours and forwarding entries to the peers, and removes those to nodes
// that are gone.
func (n *fabric) tunnels(peers []peer) error {
	link, err := netlink.LinkByName(device)
	if err != nil {
		n.subnet = netip.Prefix{} // someone removed the device: make it anew
		return err
	}
	index := link.Attrs().Index
	var problems []error
	for _, p := range peers {
		hardware := mac(p.subnet)
		entry := &netlink.Neigh{
			LinkIndex: index, Family: syscall.AF_BRIDGE, State: netlink.NUD_PERMANENT,
			Flags: netlink.NTF_SELF, IP: p.address, HardwareAddr: hardware,
		}
		neighbour := &netlink.Neigh{
			LinkIndex: index, State: netlink.NUD_PERMANENT, Type: syscall.RTN_UNICAST,
			IP: p.gateway(), HardwareAddr: hardware,
		}
		route := &netlink.Route{
			LinkIndex: index, Dst: network(p.subnet), Gw: p.gateway(),
			Flags: int(netlink.FLAG_ONLINK),
		}
		problems = append(problems,
			netlink.NeighSet(entry), netlink.NeighSet(neighbour), netlink.RouteReplace(route))
	}
	return errors.Join(append(problems, n.prune(index, peers))...)
}

// routes makes host-gw's plain routes.
func (n *fabric) routes(peers []peer) error {
	var problems []error
	for _, p := range peers {
		route := &netlink.Route{
			LinkIndex: n.external.Index, Dst: network(p.subnet), Gw: p.address,
		}
		if err := netlink.RouteReplace(route); err != nil {
			problems = append(problems, fmt.Errorf("route to %s via %s: %w", p.subnet, p.address, err))
		}
	}
	return errors.Join(append(problems, n.prune(n.external.Index, peers))...)
}

// prune removes the routes to pod networks that no node has any more.
func (n *fabric) prune(index int, peers []peer) error {
	cluster, err := netip.ParsePrefix(n.Cluster)
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, p := range peers {
		wanted[network(p.subnet).String()] = true
	}
	have, err := netlink.RouteListFiltered(netlink.FAMILY_V4,
		&netlink.Route{LinkIndex: index}, netlink.RT_FILTER_OIF)
	if err != nil {
		return err
	}
	for _, route := range have {
		if route.Dst == nil || route.Gw == nil || wanted[route.Dst.String()] {
			continue
		}
		to, ok := netip.AddrFromSlice(route.Dst.IP.To4())
		if !ok || !cluster.Contains(to) {
			continue
		}
		if err := netlink.RouteDel(&route); err != nil {
			return err
		}
	}
	return nil
}
