package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"groundwork.lab/k3s/internal/joining"
	"groundwork.lab/k3s/internal/member"
	"groundwork.lab/k3s/internal/protocol"
	"groundwork.lab/k3s/internal/token"
)

// startDatastore runs this server's etcd member and waits until it votes.
func (s *server) startDatastore(ctx context.Context, members []string) error {
	options := member.Options{
		Layout: s.layout, Node: s.id.Name, Address: s.id.Address, Join: members,
		Metrics:  s.settings.Switch("etcd-expose-metrics"),
		Override: s.settings.List("etcd-arg"),
	}
	started, err := member.Start(ctx, options)
	if err != nil {
		return err
	}
	s.member = started
	s.supervisor.SetMembers(started.URLs)
	go func() {
		if err := started.Ended(options); ctx.Err() == nil {
			s.failed <- err
		}
	}()
	return nil
}

// startNode is the part that every host runs. A server joins itself, by the same door as an agent.
func (s *server) startNode(ctx context.Context) error {
	own := token.Token{
		Hash: token.Hash(s.trust.Server.PEM), User: protocol.NodeUser, Password: s.trust.AgentPassword,
	}
	client, err := joining.Dial(ctx, localAPI, own)
	if err != nil {
		return err
	}
	cluster, err := s.node.Join(ctx, client)
	if err != nil {
		return err
	}
	return s.node.Start(ctx, cluster)
}

// releaseLeases gives up the leases this host's stopped processes held, so that their successors,
// here or on another server, need not wait for them to run out.
func (s *server) releaseLeases(ctx context.Context) {
	if s.client == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	host, err := os.Hostname()
	if err != nil {
		return
	}
	leases := s.client.CoordinationV1().Leases("kube-system")
	for _, name := range []string{"kube-controller-manager", "kube-scheduler"} {
		lease, err := leases.Get(ctx, name, meta.GetOptions{})
		if err != nil || lease.Spec.HolderIdentity == nil ||
			!strings.HasPrefix(*lease.Spec.HolderIdentity, host+"_") {
			continue
		}
		nobody := ""
		lease.Spec.HolderIdentity = &nobody
		_, _ = leases.Update(ctx, lease, meta.UpdateOptions{})
	}
}

// agree refuses a server whose configuration is not the cluster's where it must be.
func agree(own, cluster map[string]string) error {
	var differences []error
	for key, value := range cluster {
		if own[key] != value {
			differences = append(differences, fmt.Errorf("critical configuration mismatched: "+
				"%s is %q here and %q in the cluster", key, own[key], value))
		}
	}
	return errors.Join(differences...)
}
