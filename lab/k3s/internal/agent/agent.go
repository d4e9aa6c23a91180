// Package agent is `k3s agent`: a node that serves no API.
package agent

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	discovery "k8s.io/api/discovery/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"groundwork.lab/k3s/internal/balance"
	"groundwork.lab/k3s/internal/joining"
	"groundwork.lab/k3s/internal/layout"
	"groundwork.lab/k3s/internal/node"
	"groundwork.lab/k3s/internal/notify"
	"groundwork.lab/k3s/internal/protocol"
	"groundwork.lab/k3s/internal/runtime"
	"groundwork.lab/k3s/internal/settings"
	"groundwork.lab/k3s/internal/token"
)

// Run is the agent until the context ends.
func Run(ctx context.Context, s *settings.Settings, pause string) error {
	if err := runtime.Check(); err != nil {
		return err
	}
	id, err := node.Identify(s)
	if err != nil {
		return err
	}
	parsed, err := token.Parse(s.Text("token"), protocol.NodeUser)
	if err != nil {
		return err
	}
	first, err := address(s.Text("server"))
	if err != nil {
		return err
	}
	l := layout.Layout{Data: s.Text("data-dir")}
	local := net.JoinHostPort("127.0.0.1", s.Text("lb-server-port"))
	balancer := balance.New(l.Agent("etc/k3s-agent-load-balancer.json"), first)
	if err := balancer.Listen(ctx, local); err != nil {
		return fmt.Errorf("lb-server-port: %w", err)
	}
	var children sync.WaitGroup
	defer children.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := &node.Node{
		Identity: id, Settings: s, Layout: l, API: "https://" + local, Pause: pause, Children: &children,
	}
	if err := start(ctx, n, parsed, balancer); err != nil {
		return err
	}
	if err := notify.Ready(); err != nil {
		return err
	}
	slog.Info("The agent is ready", "node", n.Name)
	<-ctx.Done()
	return nil
}

// start brings containerd up while the node joins.
func start(ctx context.Context, n *node.Node, t token.Token, balancer *balance.Balancer) error {
	prepared := make(chan error, 1)
	go func() { prepared <- n.StartRuntime(ctx) }()
	client, err := joining.Dial(ctx, n.API, t)
	if err != nil {
		return err
	}
	cluster, err := n.Join(ctx, client)
	if err != nil {
		return err
	}
	controller, err := n.Controller()
	if err != nil {
		return err
	}
	go watchServers(ctx, controller, balancer)
	if err := <-prepared; err != nil {
		return err
	}
	return n.Start(ctx, cluster)
}

// watchServers keeps the balancer's servers as the endpoints of the `kubernetes` Service say.
func watchServers(ctx context.Context, client kubernetes.Interface, balancer *balance.Balancer) {
	watched := cache.NewListWatchFromClient(client.DiscoveryV1().RESTClient(), "endpointslices",
		meta.NamespaceDefault, fields.OneTermEqualSelector("metadata.name", "kubernetes"))
	update := func(object any) {
		if slice, ok := object.(*discovery.EndpointSlice); ok {
			balancer.Update(servers(slice))
		}
	}
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: watched,
		ObjectType:    &discovery.EndpointSlice{},
		ResyncPeriod:  time.Minute,
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    update,
			UpdateFunc: func(_, object any) { update(object) },
		},
	})
	informer.Run(ctx.Done())
}

func servers(slice *discovery.EndpointSlice) []string {
	var found []string
	for _, endpoint := range slice.Endpoints {
		for _, host := range endpoint.Addresses {
			found = append(found, net.JoinHostPort(host, fmt.Sprint(layout.APIPort)))
		}
	}
	return found
}

// address is host:port of a server's URL.
func address(server string) (string, error) {
	parsed, err := url.Parse(server)
	if err != nil || parsed.Scheme != "https" || parsed.Hostname() == "" {
		return "", fmt.Errorf(
			"server: %q was given; it must be a URL such as https://192.0.2.11:6443", server)
	}
	port := parsed.Port()
	if port == "" {
		port = fmt.Sprint(layout.APIPort)
	}
	return net.JoinHostPort(parsed.Hostname(), port), nil
}
