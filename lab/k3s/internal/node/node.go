// Package node is the part of a cluster that every host runs: containerd, kubelet, kube-proxy and
// the pod network.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"groundwork.lab/k3s/internal/joining"
	"groundwork.lab/k3s/internal/kubeconfig"
	"groundwork.lab/k3s/internal/layout"
	"groundwork.lab/k3s/internal/pki"
	"groundwork.lab/k3s/internal/podnet"
	"groundwork.lab/k3s/internal/protocol"
	"groundwork.lab/k3s/internal/runtime"
	"groundwork.lab/k3s/internal/settings"
)

// Node is one host's part.
type Node struct {
	Identity
	Settings *settings.Settings
	Layout   layout.Layout
	API      string // the URL by which its parts reach the API
	Pause    string // the sandboxes' image
	Children *sync.WaitGroup
}

var certificates = []string{
	protocol.Kubelet, protocol.Serving, protocol.KubeProxy, protocol.Controller,
}

// StartRuntime starts containerd and imports the images. It needs no cluster.
func (n *Node) StartRuntime(ctx context.Context) error {
	return runtime.Start(ctx, n.Children, runtime.Options{
		Layout: n.Layout, Conf: n.conflist(), Pause: n.Pause, Registries: layout.RegistriesFile,
	})
}

// Join gets this node's certificates from the supervisor and writes its kubeconfigs.
func (n *Node) Join(ctx context.Context, client *joining.Client) (*protocol.Cluster, error) {
	secret, err := password(layout.NodePassword)
	if err != nil {
		return nil, err
	}
	request := protocol.NodeRequest{
		Name: n.Name, Password: secret, Addresses: n.Addresses, Requests: map[string][]byte{},
	}
	for _, name := range certificates {
		key, err := pki.EnsureKey(n.Layout.Agent(name + ".key"))
		if err != nil {
			return nil, err
		}
		if request.Requests[name], err = pki.Request(key); err != nil {
			return nil, err
		}
	}
	response, err := client.Node(ctx, request)
	if err != nil {
		return nil, err
	}
	return &response.Cluster, n.write(response)
}

func (n *Node) write(response *protocol.NodeResponse) error {
	var problems []error
	put := func(name string, data []byte) {
		problems = append(problems, layout.Write(n.Layout.Agent(name), data, 0o644))
	}
	put("client-ca.crt", response.ClientCA)
	put("server-ca.crt", response.ServerCA)
	for _, name := range certificates {
		put(name+".crt", response.Certificates[name])
	}
	for file, name := range map[string]string{
		"kubelet.kubeconfig":       protocol.Kubelet,
		"kubeproxy.kubeconfig":     protocol.KubeProxy,
		"k3scontroller.kubeconfig": protocol.Controller,
	} {
		problems = append(problems, kubeconfig.Write(
			n.Layout.Agent(file), n.API, response.ServerCA, n.Layout.Agent(name)))
	}
	return errors.Join(problems...)
}

// Start runs the node's parts and returns when the node is registered.
func (n *Node) Start(ctx context.Context, cluster *protocol.Cluster) error {
	if err := n.writeKubelet(cluster); err != nil {
		return err
	}
	watcher, err := n.client("k3scontroller.kubeconfig")
	if err != nil {
		return err
	}
	own, err := n.client("kubelet.kubeconfig")
	if err != nil {
		return err
	}
	for _, program := range n.programs(cluster) {
		n.Children.Go(func() { program.Supervise(ctx) })
	}
	network := podnet.Options{
		Node: n.Name, Address: n.Address, Device: n.Settings.Text("flannel-iface"),
		Backend: cluster.Backend, Cluster: cluster.ClusterCIDR, Conf: n.conflist(),
	}
	n.Children.Go(func() {
		if err := podnet.Run(ctx, network, watcher, own); err != nil {
			slog.Error("The pod network has ended", "error", err)
		}
	})
	return n.registered(ctx, own)
}

// Controller is the client by which a node watches its cluster.
func (n *Node) Controller() (kubernetes.Interface, error) {
	return n.client("k3scontroller.kubeconfig")
}

func (n *Node) registered(ctx context.Context, own kubernetes.Interface) error {
	for {
		_, err := own.CoreV1().Nodes().Get(ctx, n.Name, meta.GetOptions{})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the kubelet did not register the node %s: %w", n.Name, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (n *Node) client(file string) (kubernetes.Interface, error) {
	config, err := kubeconfig.Read(n.Layout.Agent(file))
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

func (n *Node) conflist() string { return n.Layout.Agent("etc/cni/net.d/10-flannel.conflist") }
