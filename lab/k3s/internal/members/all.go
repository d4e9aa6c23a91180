package members

import (
	"context"
	"log/slog"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"groundwork.lab/k3s/internal/member"
	"groundwork.lab/k3s/internal/passwords"
)

// All removes the members of Nodes that ask for it or are gone. One server does it for all.
type All struct {
	Client kubernetes.Interface
	Member *member.Member
	left   map[string]string // what is still to be done for deleted Nodes: Node -> member
}

// Run works until the context ends.
func (a *All) Run(ctx context.Context) {
	a.left = map[string]string{}
	factory := informers.NewSharedInformerFactory(a.Client, time.Minute)
	nodes := factory.Core().V1().Nodes()
	deleted := make(chan *core.Node, 100)
	changed := make(chan struct{}, 1)
	poke := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	if _, err := nodes.Informer().AddEventHandler(handler(poke, deleted)); err != nil {
		slog.Error("Cannot watch Nodes", "error", err)
		return
	}
	factory.Start(ctx.Done())
	for {
		select {
		case <-ctx.Done():
			return
		case node := <-deleted:
			a.left[node.Name] = node.Annotations[nameAnnotation]
		case <-changed:
		}
		list, err := nodes.Lister().List(labels.Everything())
		if err == nil {
			a.sync(ctx, list)
		}
		if len(a.left) > 0 || err != nil {
			time.AfterFunc(time.Second, poke)
		}
	}
}

func handler(poke func(), deleted chan<- *core.Node) cache.ResourceEventHandlerFuncs {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { poke() },
		UpdateFunc: func(any, any) { poke() },
		DeleteFunc: func(object any) {
			if final, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = final.Obj
			}
			if node, ok := object.(*core.Node); ok {
				deleted <- node
			}
		},
	}
}

func (a *All) sync(ctx context.Context, nodes []*core.Node) {
	for name, leaving := range a.left {
		if err := a.forget(ctx, name, leaving); err != nil {
			slog.Warn("A deleted Node is not forgotten yet", "node", name, "error", err)
			continue
		}
		delete(a.left, name)
	}
	for _, node := range nodes {
		if node.Annotations[removeAnnotation] != "true" || node.Annotations[nameAnnotation] == "" {
			continue
		}
		if err := a.remove(ctx, node); err != nil {
			slog.Warn("A member is not removed", "node", node.Name, "error", err)
		}
	}
}

// forget drops what the cluster knows of a Node that was deleted.
func (a *All) forget(ctx context.Context, node, leaving string) error {
	if leaving != "" {
		slog.Info("Removing the etcd member of a deleted Node", "node", node, "member", leaving)
		if err := a.Member.Remove(ctx, leaving); err != nil {
			return err
		}
	}
	return passwords.Forget(ctx, a.Client, node)
}

// remove takes a Node's member out at the Node's wish, and says so on the Node.
func (a *All) remove(ctx context.Context, node *core.Node) error {
	leaving := node.Annotations[nameAnnotation]
	if node.Annotations[removedAnnotation] == leaving {
		return nil
	}
	slog.Info("Removing the etcd member of a Node that asks for it",
		"node", node.Name, "member", leaving)
	if err := a.Member.Remove(ctx, leaving); err != nil {
		return err
	}
	return patch(ctx, a.Client, node.Name, map[string]any{"annotations": map[string]any{
		removedAnnotation: leaving, nameAnnotation: nil, addressAnnotation: nil,
	}})
}
