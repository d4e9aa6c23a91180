// Package podnet is the pod network: a bridge on each node and, between nodes, flannel's VXLAN
// device or plain routes, made from the Node objects.
package podnet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"groundwork.lab/k3s/internal/layout"
)

const resync = 30 * time.Second

// Options are one node's part in the network.
type Options struct {
	Node    string
	Address string // of the node
	Device  string // flannel-iface, or empty: the one that has the address
	Backend string // vxlan, host-gw or none
	Cluster string // all pods' network
	Conf    string // the CNI configuration file
}

// Run keeps the node's part of the network as the Nodes say, until the context ends. The watcher
// sees all nodes; the kubelet's own client may change this one.
func Run(ctx context.Context, o Options, watcher, own kubernetes.Interface) error {
	if o.Backend == "none" {
		return nil
	}
	factory := informers.NewSharedInformerFactory(watcher, resync)
	nodes := factory.Core().V1().Nodes()
	changed := make(chan struct{}, 1)
	poke := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	_, err := nodes.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { poke() },
		UpdateFunc: func(any, any) { poke() },
		DeleteFunc: func(any) { poke() },
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	n := &fabric{Options: o, own: own}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
		list, err := nodes.Lister().List(labels.Everything())
		if err == nil {
			err = n.apply(ctx, list)
		}
		if err != nil {
			slog.Warn("The pod network is not complete, trying again", "error", err)
			time.AfterFunc(time.Second, poke)
		}
	}
}

type fabric struct {
	Options
	own      kubernetes.Interface
	subnet   netip.Prefix
	external *net.Interface
	local    net.IP
}

func (n *fabric) apply(ctx context.Context, nodes []*core.Node) error {
	var peers []peer
	for _, node := range nodes {
		if node.Name == n.Node {
			if err := n.ensureOwn(ctx, node); err != nil {
				return err
			}
		} else if p, ok := peerOf(node); ok {
			peers = append(peers, p)
		}
	}
	if !n.subnet.IsValid() {
		return nil
	}
	if n.Backend == "vxlan" {
		return n.tunnels(peers)
	}
	return n.routes(peers)
}

// ensureOwn prepares this node once its pods' network is known.
func (n *fabric) ensureOwn(ctx context.Context, node *core.Node) error {
	subnet, err := netip.ParsePrefix(node.Spec.PodCIDR)
	if err != nil || subnet == n.subnet {
		return nil
	}
	if err := n.findDevice(); err != nil {
		return err
	}
	if err := n.announce(ctx, node); err != nil {
		return err
	}
	if n.Backend == "vxlan" {
		if err := n.ensureTunnel(subnet); err != nil {
			return err
		}
	}
	if err := filter(subnet, n.Cluster); err != nil {
		return err
	}
	text, err := conflist(subnet, n.Cluster, n.mtu())
	if err != nil {
		return err
	}
	if err := layout.Write(n.Conf, text, 0o600); err != nil {
		return err
	}
	n.subnet = subnet
	slog.Info("The pod network is up", "backend", n.Backend, "subnet", subnet)
	return nil
}

// announce says where this node's end of the tunnels is.
func (n *fabric) announce(ctx context.Context, node *core.Node) error {
	if node.Annotations[PublicIP] == n.local.String() {
		return nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"annotations": map[string]string{PublicIP: n.local.String()},
	}})
	if err != nil {
		return err
	}
	_, err = n.own.CoreV1().Nodes().Patch(
		ctx, n.Node, types.MergePatchType, patch, meta.PatchOptions{})
	return err
}

// filter puts the chains in place and jumps to them, each once.
func filter(subnet netip.Prefix, cluster string) error {
	restore := exec.Command("iptables-restore", "--noflush", "--wait")
	restore.Stdin = strings.NewReader(rules(subnet, cluster))
	if out, err := restore.CombinedOutput(); err != nil {
		return fmt.Errorf("iptables-restore: %w: %s", err, out)
	}
	for _, jump := range [][]string{
		{"nat", "POSTROUTING", "FLANNEL-POSTRTG"}, {"filter", "FORWARD", "FLANNEL-FWD"},
	} {
		rule := []string{jump[1], "-m", "comment", "--comment", "flanneld", "-j", jump[2]}
		table := []string{"--wait", "-t", jump[0]}
		if exec.Command("iptables", append(append(table, "-C"), rule...)...).Run() == nil {
			continue
		}
		out, err := exec.Command("iptables", append(append(table, "-A"), rule...)...).CombinedOutput()
		if err != nil {
			return errors.Join(err, errors.New(string(out)))
		}
	}
	return nil
}
