package member

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// IsVoter tells whether this member votes, by the cluster's own word: a list that is
// linearizable, so one that needs a quorum.
func (m *Member) IsVoter(ctx context.Context) (bool, error) {
	list, err := m.Client.MemberList(ctx)
	if err != nil {
		return false, err
	}
	for _, member := range list.Members {
		if member.ID == uint64(m.etcd.Server.MemberID()) {
			return !member.IsLearner, nil
		}
	}
	return false, errors.New("this server's member is not in the cluster")
}

// Remove takes the member of that name out of the cluster; one that is gone is no mistake. The last
// voter stays: without it there is no cluster to answer.
func (m *Member) Remove(ctx context.Context, name string) error {
	list, err := m.Client.MemberList(ctx)
	if err != nil {
		return err
	}
	voters := 0
	for _, member := range list.Members {
		if !member.IsLearner {
			voters++
		}
	}
	for _, member := range list.Members {
		if member.Name != name {
			continue
		}
		if voters == 1 && !member.IsLearner {
			return fmt.Errorf("etcd: %s is the only voter and cannot be removed", name)
		}
		if err := m.yield(ctx, list, member.ID); err != nil {
			return err
		}
		_, err := m.Client.MemberRemove(ctx, member.ID)
		if errors.Is(err, rpctypes.ErrMemberNotFound) {
			return nil
		}
		return err
	}
	return nil
}

// yield moves leadership off a member that is to go, when that member is this one and leads.
func (m *Member) yield(
	ctx context.Context, list *clientv3.MemberListResponse, leaving uint64,
) error {
	self := uint64(m.etcd.Server.MemberID())
	if leaving != self || uint64(m.etcd.Server.Lead()) != self {
		return nil
	}
	for _, other := range list.Members {
		if other.ID != self && !other.IsLearner {
			return m.etcd.Server.MoveLeader(ctx, self, other.ID)
		}
	}
	return nil
}

// URLs are the client URLs of all started members.
func (m *Member) URLs(ctx context.Context) ([]string, error) {
	list, err := m.Client.MemberList(ctx)
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, member := range list.Members {
		urls = append(urls, member.ClientURLs...)
	}
	return urls, nil
}
