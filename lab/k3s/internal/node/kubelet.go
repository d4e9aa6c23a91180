package node

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"strings"

	"groundwork.lab/k3s/internal/arguments"
	"groundwork.lab/k3s/internal/child"
	"groundwork.lab/k3s/internal/layout"
	"groundwork.lab/k3s/internal/protocol"
)

// The names by which this binary is one of the node's programs.
const (
	KubeletProgram   = "kubelet"
	KubeProxyProgram = "kube-proxy"
)

// standIn is a label, so that nobody takes a lab's node for one of K3s.
const standIn = "groundwork.lab/k3s=stand-in"

// programs are the processes of a node, containerd aside.
func (n *Node) programs(cluster *protocol.Cluster) []child.Program {
	kubelet := arguments.Set{
		"config":            n.kubeletConfig(),
		"kubeconfig":        n.Layout.Agent("kubelet.kubeconfig"),
		"hostname-override": n.Name,
		"node-ip":           n.Address,
		"cert-dir":          n.Layout.Agent("pki"),
		"node-labels": strings.Join(append([]string{"node.kubernetes.io/instance-type=k3s", standIn},
			n.Settings.List("node-label")...), ","),
	}
	if taints := n.Settings.List("node-taint"); len(taints) > 0 {
		kubelet["register-with-taints"] = strings.Join(taints, ",")
	}
	// The host's connection tracking limits are not a container's to set.
	proxy := arguments.Set{
		"cluster-cidr":                      cluster.ClusterCIDR,
		"kubeconfig":                        n.Layout.Agent("kubeproxy.kubeconfig"),
		"hostname-override":                 n.Name,
		"proxy-mode":                        "iptables",
		"healthz-bind-address":              "127.0.0.1:10256",
		"conntrack-max-per-core":            "0",
		"conntrack-tcp-timeout-close-wait":  "0s",
		"conntrack-tcp-timeout-established": "0s",
	}
	return []child.Program{
		child.Self(KubeletProgram, kubelet.With(n.Settings.List("kubelet-arg"))...),
		child.Self(KubeProxyProgram, proxy.With(n.Settings.List("kube-proxy-arg"))...),
	}
}

func (n *Node) kubeletConfig() string {
	return n.Layout.Agent("etc/kubelet.conf.d/00-k3s-defaults.conf")
}

// writeKubelet writes the kubelet's configuration: K3s' own, and what a host that is a container
// needs.
func (n *Node) writeKubelet(cluster *protocol.Cluster) error {
	resolver, err := n.resolver()
	if err != nil {
		return err
	}
	manifests := n.Layout.Agent("pod-manifests")
	type object = map[string]any
	text, err := json.MarshalIndent(object{
		"apiVersion": "kubelet.config.k8s.io/v1beta1",
		"kind":       "KubeletConfiguration",
		"authentication": object{
			"anonymous": object{"enabled": false},
			"webhook":   object{"enabled": true},
			"x509":      object{"clientCAFile": n.Layout.Agent("client-ca.crt")},
		},
		"authorization":            object{"mode": "Webhook"},
		"tlsCertFile":              n.Layout.Agent(protocol.Serving + ".crt"),
		"tlsPrivateKeyFile":        n.Layout.Agent(protocol.Serving + ".key"),
		"clusterDNS":               strings.Split(cluster.DNS, ","),
		"clusterDomain":            cluster.Domain,
		"containerRuntimeEndpoint": "unix://" + layout.ContainerdSocket,
		"resolvConf":               resolver,
		"protectKernelDefaults":    n.Settings.Switch("protect-kernel-defaults"),
		"staticPodPath":            manifests,

		"cgroupDriver": "cgroupfs",
		"failCgroupV1": false,
		"failSwapOn":   false,
		"featureGates": object{"KubeletInUserNamespace": true},
		// Lab hosts share one disk: what fills it is none of theirs, and images cannot be pulled again.
		"evictionHard": object{
			"memory.available": "10Mi", "nodefs.available": "10Mi", "nodefs.inodesFree": "1%",
			"imagefs.available": "10Mi", "imagefs.inodesFree": "1%",
		},
		"imageGCHighThresholdPercent": 100,
		"imageGCLowThresholdPercent":  99,
	}, "", "  ")
	if err == nil {
		err = layout.Write(n.kubeletConfig(), text, 0o600)
	}
	return errors.Join(err, os.MkdirAll(manifests, 0o700))
}

// resolver is the resolv.conf that pods with the host's DNS get. One that names only the loopback
// is of no use in a pod, so K3s' fallback takes its place.
func (n *Node) resolver() (string, error) {
	if given := n.Settings.Text("resolv-conf"); given != "" {
		return given, nil
	}
	const host = "/etc/resolv.conf"
	text, err := os.ReadFile(host)
	if err == nil && usable(string(text)) {
		return host, nil
	}
	fallback := n.Layout.Agent("etc/resolv.conf")
	return fallback, layout.Write(fallback, []byte("nameserver 8.8.8.8\n"), 0o644)
}

func usable(text string) bool {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 2 && words[0] == "nameserver" {
			if ip := net.ParseIP(words[1]); ip != nil && ip.IsGlobalUnicast() {
				return true
			}
		}
	}
	return false
}
