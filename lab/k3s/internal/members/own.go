// Package members keeps Nodes and etcd's members in step.
package members

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"groundwork.lab/k3s/internal/member"
)

// What K3s writes on a server's Node.
const (
	voterCondition    = core.NodeConditionType("EtcdIsVoter")
	nameAnnotation    = "etcd.k3s.cattle.io/node-name"
	addressAnnotation = "etcd.k3s.cattle.io/node-address"
	removeAnnotation  = "etcd.k3s.cattle.io/remove"
	removedAnnotation = "etcd.k3s.cattle.io/removed-node-name"
	controlPlaneRole  = "node-role.kubernetes.io/control-plane"
	etcdRole          = "node-role.kubernetes.io/etcd"
)

const interval = time.Second

// Own keeps this server's own Node as its etcd member is.
type Own struct {
	Client  kubernetes.Interface
	Member  *member.Member
	Node    string
	Address string
}

// Run looks until the context ends.
func (o *Own) Run(ctx context.Context) {
	for {
		if err := o.sync(ctx); err != nil && ctx.Err() == nil {
			slog.Debug("This server's Node is not up to date", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
}

func (o *Own) sync(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	node, err := o.Client.CoreV1().Nodes().Get(ctx, o.Node, meta.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil // the kubelet has not registered it yet
	}
	if err != nil {
		return err
	}
	if err := o.mark(ctx, node); err != nil {
		return err
	}
	voter, err := o.Member.IsVoter(ctx)
	if err != nil {
		return err
	}
	return o.setVoter(ctx, node, voter)
}

// mark gives the Node its roles and its member's name. A member that comes after another was
// removed at this Node's wish clears the wish.
func (o *Own) mark(ctx context.Context, node *core.Node) error {
	labels := map[string]any{controlPlaneRole: "true", etcdRole: "true"}
	annotations := map[string]any{nameAnnotation: o.Member.Name, addressAnnotation: o.Address}
	removed, gone := node.Annotations[removedAnnotation]
	if gone && removed == o.Member.Name {
		return nil
	}
	if gone {
		annotations[removeAnnotation], annotations[removedAnnotation] = nil, nil
	}
	if !gone && holds(node.Labels, labels) && holds(node.Annotations, annotations) {
		return nil
	}
	return patch(ctx, o.Client, node.Name, map[string]any{
		"labels": labels, "annotations": annotations,
	})
}

func holds(have map[string]string, want map[string]any) bool {
	for key, value := range want {
		if have[key] != value {
			return false
		}
	}
	return true
}

func patch(
	ctx context.Context, client kubernetes.Interface, node string, metadata map[string]any,
) error {
	text, err := json.Marshal(map[string]any{"metadata": metadata})
	if err != nil {
		return err
	}
	_, err = client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, text, meta.PatchOptions{})
	return err
}

func (o *Own) setVoter(ctx context.Context, node *core.Node, voter bool) error {
	now := meta.Now()
	condition := core.NodeCondition{
		Type: voterCondition, Status: core.ConditionFalse,
		LastHeartbeatTime: now, LastTransitionTime: now,
		Reason:  "MemberIsLearner",
		Message: "Node has not been promoted to voting member of the etcd cluster",
	}
	if voter {
		condition.Status, condition.Reason = core.ConditionTrue, "MemberNotLearner"
		condition.Message = "Node is a voting member of the etcd cluster"
	}
	for _, old := range node.Status.Conditions {
		if old.Type == voterCondition && old.Status == condition.Status {
			return nil
		}
	}
	text, err := json.Marshal(map[string]any{
		"status": map[string]any{"conditions": []core.NodeCondition{condition}},
	})
	if err != nil {
		return err
	}
	_, err = o.Client.CoreV1().Nodes().PatchStatus(ctx, o.Node, text)
	return err
}
