package member

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// ErrTaken means that another living member has this node's name.
var ErrTaken = errors.New("a member of this name is in the cluster already")

// join adds this server as a learner, and returns the members a new one has to know. etcd admits
// one learner at a time, and only while its voters are well; so joiners take turns by asking
// again.
func join(ctx context.Context, o Options, name string) (string, error) {
	client, err := connect(o.Layout, o.Join)
	if err != nil {
		return "", err
	}
	defer client.Close()
	told := ""
	for {
		members, err := admit(ctx, client, o, name)
		if err == nil {
			return initialCluster(members, o, name), nil
		}
		if ctx.Err() != nil || errors.Is(err, ErrTaken) {
			return "", err
		}
		if err.Error() != told {
			slog.Info("Waiting for etcd to admit this server as a learner", "reason", err)
			told = err.Error()
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(pause):
		}
	}
}

func admit(
	ctx context.Context, client *clientv3.Client, o Options, name string,
) ([]*etcdserverpb.Member, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	list, err := client.MemberList(ctx)
	if err != nil {
		return nil, err
	}
	for _, other := range list.Members {
		if other.IsLearner && !slices.Contains(other.PeerURLs, peerURL(o)) {
			return nil, fmt.Errorf("it is the turn of %s", strings.Join(other.PeerURLs, ", "))
		}
		if slices.Contains(other.PeerURLs, peerURL(o)) {
			return nil, forget(ctx, client, other, name)
		}
		if nodeOf(other.Name) == o.Node {
			return nil, fmt.Errorf("%w: %s at %s; remove it first (delete the Node %s)",
				ErrTaken, other.Name, strings.Join(other.PeerURLs, ", "), o.Node)
		}
	}
	added, err := client.MemberAddAsLearner(ctx, []string{peerURL(o)})
	if err != nil {
		return nil, err
	}
	return added.Members, nil
}

// forget removes what an earlier, unfinished or lost life of this server left at its address: with
// its data gone that member can never come back.
func forget(
	ctx context.Context, client *clientv3.Client, old *etcdserverpb.Member, name string,
) error {
	_, err := client.MemberRemove(ctx, old.ID)
	if err != nil && !errors.Is(err, rpctypes.ErrMemberNotFound) {
		return err
	}
	return fmt.Errorf("the member %q that had this address was removed before adding %s",
		old.Name, name)
}

// nodeOf is the node a member's name was made from.
func nodeOf(member string) string {
	if i := strings.LastIndex(member, "-"); i > 0 {
		return member[:i]
	}
	return member
}

func initialCluster(members []*etcdserverpb.Member, o Options, name string) string {
	var pairs []string
	for _, other := range members {
		for _, peer := range other.PeerURLs {
			if peer == peerURL(o) {
				pairs = append(pairs, name+"="+peer)
			} else if other.Name != "" {
				pairs = append(pairs, other.Name+"="+peer)
			}
		}
	}
	return strings.Join(pairs, ",")
}
