// Package servicelb gives Services of type LoadBalancer the nodes' addresses; kube-proxy answers
// there.
package servicelb

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	endpoints "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
)

const (
	class  = "io.cattle.k3s/servicelb" // the one load balancer class that is this controller's
	resync = time.Minute
)

// Controller sets the addresses.
type Controller struct {
	client   kubernetes.Interface
	services listers.ServiceLister
	nodes    listers.NodeLister
	slices   endpoints.EndpointSliceLister
}

// Run works until the context ends.
func Run(ctx context.Context, client kubernetes.Interface) {
	factory := informers.NewSharedInformerFactory(client, resync)
	c := &Controller{
		client:   client,
		services: factory.Core().V1().Services().Lister(),
		nodes:    factory.Core().V1().Nodes().Lister(),
		slices:   factory.Discovery().V1().EndpointSlices().Lister(),
	}
	changed, poke, handler := bell()
	for _, informer := range []cache.SharedIndexInformer{
		factory.Core().V1().Services().Informer(), factory.Core().V1().Nodes().Informer(),
		factory.Discovery().V1().EndpointSlices().Informer(),
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			slog.Error("servicelb cannot watch", "error", err)
			return
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		if err := c.sync(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("servicelb: not all addresses are set, trying again", "error", err)
			time.AfterFunc(time.Second, poke)
		}
	}
}

// bell is a channel that holds one ring at most, what rings it, and a handler that rings it.
func bell() (<-chan struct{}, func(), cache.ResourceEventHandlerFuncs) {
	changed := make(chan struct{}, 1)
	ring := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	return changed, ring, cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { ring() },
		UpdateFunc: func(any, any) { ring() },
		DeleteFunc: func(any) { ring() },
	}
}

func (c *Controller) sync(ctx context.Context) error {
	services, err := c.services.List(labels.Everything())
	if err != nil {
		return err
	}
	nodes, err := c.nodes.List(labels.Everything())
	if err != nil {
		return err
	}
	for _, service := range services {
		if !ours(service) {
			continue
		}
		able, err := c.able(service)
		if err != nil {
			return err
		}
		if err := c.set(ctx, service, addresses(nodes, able)); err != nil {
			return err
		}
	}
	return nil
}

func ours(service *core.Service) bool {
	return service.Spec.Type == core.ServiceTypeLoadBalancer && service.DeletionTimestamp == nil &&
		(service.Spec.LoadBalancerClass == nil || *service.Spec.LoadBalancerClass == class)
}

// able are the nodes that may answer: all (nil), or, where a Service keeps traffic local, those
// that have a ready endpoint.
func (c *Controller) able(service *core.Service) (map[string]bool, error) {
	if service.Spec.ExternalTrafficPolicy != core.ServiceExternalTrafficPolicyLocal {
		return nil, nil
	}
	selector := labels.SelectorFromSet(labels.Set{discovery.LabelServiceName: service.Name})
	found, err := c.slices.EndpointSlices(service.Namespace).List(selector)
	if err != nil {
		return nil, err
	}
	able := map[string]bool{}
	for _, slice := range found {
		for _, endpoint := range slice.Endpoints {
			ready := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
			if endpoint.NodeName != nil && ready {
				able[*endpoint.NodeName] = true
			}
		}
	}
	return able, nil
}

// addresses are those of the ready nodes, the external ones where there are any.
func addresses(nodes []*core.Node, able map[string]bool) []string {
	byKind := map[core.NodeAddressType]map[string]bool{}
	for _, node := range nodes {
		if able != nil && !able[node.Name] || !ready(node) {
			continue
		}
		for _, address := range node.Status.Addresses {
			if byKind[address.Type] == nil {
				byKind[address.Type] = map[string]bool{}
			}
			byKind[address.Type][address.Address] = true
		}
	}
	chosen := byKind[core.NodeExternalIP]
	if len(chosen) == 0 {
		chosen = byKind[core.NodeInternalIP]
	}
	return slices.Sorted(maps.Keys(chosen))
}

func ready(node *core.Node) bool {
	if node.DeletionTimestamp != nil {
		return false
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == core.NodeReady {
			return condition.Status == core.ConditionTrue
		}
	}
	return false
}

func (c *Controller) set(ctx context.Context, service *core.Service, addresses []string) error {
	vip := core.LoadBalancerIPModeVIP
	var ingress []core.LoadBalancerIngress
	for _, address := range addresses {
		ingress = append(ingress, core.LoadBalancerIngress{IP: address, IPMode: &vip})
	}
	if equality.Semantic.DeepEqual(service.Status.LoadBalancer.Ingress, ingress) {
		return nil
	}
	updated := service.DeepCopy()
	updated.Status.LoadBalancer.Ingress = ingress
	_, err := c.client.CoreV1().Services(service.Namespace).
		UpdateStatus(ctx, updated, meta.UpdateOptions{})
	if err == nil {
		slog.Info("Set load balancer addresses",
			"service", service.Namespace+"/"+service.Name, "addresses", addresses)
	}
	return err
}
