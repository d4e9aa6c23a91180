// Package member is this server's member of the cluster's etcd.
package member

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"

	"groundwork.lab/k3s/internal/layout"
)

const (
	clientPort = "2379"
	peerPort   = "2380"
	pause      = 200 * time.Millisecond
	publishing = 2 * time.Second
	maxStarts  = 4
)

// Options are what a member is started with.
type Options struct {
	Layout   layout.Layout
	Node     string
	Address  string   // this server's address
	Join     []string // client URLs of the members to join; none starts a new cluster
	Metrics  bool     // serve metrics on the node's address too
	Override []string // etcd-arg: heartbeat-interval, election-timeout, quota-backend-bytes
}

// Member is the running member.
type Member struct {
	Name   string
	Client *clientv3.Client // to all members this one knows of
	etcd   *embed.Etcd
}

// Exists tells whether there is a datastore already, so that join options mean nothing.
func Exists(l layout.Layout) bool {
	_, err := os.Stat(l.Etcd("member"))
	return err == nil
}

// Start runs the member: as the first of a new cluster, as a new member of a living one, or as the
// one it was before. It returns when the member is a voter.
func Start(ctx context.Context, o Options) (*Member, error) {
	name, err := ensureName(o)
	if err != nil {
		return nil, err
	}
	config, err := settings(o, name)
	if err != nil {
		return nil, err
	}
	if len(o.Join) > 0 && !Exists(o.Layout) {
		if config.InitialCluster, err = join(ctx, o, name); err != nil {
			return nil, err
		}
		config.ClusterState = embed.ClusterStateFlagExisting
	}
	began := time.Now()
	etcd, err := run(ctx, o, config)
	if err != nil {
		return nil, err
	}
	m := &Member{Name: name, etcd: etcd}
	if m.Client, err = connect(o.Layout, m.endpoints()); err != nil {
		return nil, err
	}
	slog.Info("etcd is up", "member", name, "after", time.Since(began).Round(time.Millisecond))
	return m, m.becomeVoter(ctx)
}

// run starts etcd and waits until it serves. A learner first tells the cluster its address, and
// when that message is lost among the connections being made, etcd repeats it only after 15
// seconds. A new start repeats it at once, and costs nothing: a learner's absence is nobody's.
func run(ctx context.Context, o Options, config *embed.Config) (*embed.Etcd, error) {
	for starts := 1; ; starts++ {
		etcd, err := embed.StartEtcd(config)
		if err != nil {
			return nil, fmt.Errorf("etcd: %w", err)
		}
		var lost <-chan time.Time
		if config.ClusterState == embed.ClusterStateFlagExisting && starts < maxStarts {
			lost = time.After(time.Duration(starts) * publishing)
		}
		select {
		case <-etcd.Server.ReadyNotify():
			return etcd, nil
		case err := <-etcd.Err():
			return nil, fmt.Errorf("etcd: %w", err)
		case <-etcd.Server.StopNotify():
			return nil, removed(o)
		case <-ctx.Done():
			etcd.Close()
			return nil, ctx.Err()
		case <-lost:
			slog.Info("Starting this server's learner again, for nobody knows its address yet")
			etcd.Close()
		}
	}
}

// Ended reports why the member has stopped, if it stops by itself.
func (m *Member) Ended(o Options) error {
	select {
	case err := <-m.etcd.Err():
		return fmt.Errorf("etcd: %w", err)
	case <-m.etcd.Server.StopNotify():
		return removed(o)
	}
}

// Close hands leadership over and stops. The clients' connections are not waited for: they are this
// process's own, and end with it.
func (m *Member) Close() {
	m.Client.Close()
	m.etcd.Server.Stop()
}

func removed(o Options) error {
	return fmt.Errorf("etcd: this server's member has been removed from the cluster; "+
		"to join again, stop the unit and delete %s", o.Layout.Server("db"))
}

// endpoints are the client URLs of all voters, this one first.
func (m *Member) endpoints() []string {
	urls := []string{"https://127.0.0.1:" + clientPort}
	for _, other := range m.etcd.Server.Cluster().Members() {
		if other.ID != m.etcd.Server.MemberID() && !other.IsLearner {
			urls = append(urls, other.ClientURLs...)
		}
	}
	return urls
}

func (m *Member) isLearner() bool {
	self := m.etcd.Server.Cluster().Member(m.etcd.Server.MemberID())
	return self == nil || self.IsLearner
}

// becomeVoter asks for the promotion until it is given: the leader refuses while the learner lags.
func (m *Member) becomeVoter(ctx context.Context) error {
	began := time.Now()
	for m.isLearner() {
		if err := m.promote(ctx); err != nil {
			slog.Debug("etcd does not promote this learner yet", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-m.etcd.Err():
			return fmt.Errorf("etcd: %w", err)
		case <-time.After(pause):
		}
	}
	if waited := time.Since(began); waited > pause {
		slog.Info("This server's etcd member is a voter now", "after", waited.Round(time.Millisecond))
	}
	return nil
}

// promote asks another member, for a learner passes nothing on.
func (m *Member) promote(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	m.Client.SetEndpoints(m.endpoints()[1:]...)
	defer func() { m.Client.SetEndpoints(m.endpoints()...) }()
	_, err := m.Client.MemberPromote(ctx, uint64(m.etcd.Server.MemberID()))
	return err
}

// ensureName is the member's name: the node's and a suffix, because a rebuilt node is another
// member.
func ensureName(o Options) (string, error) {
	file := o.Layout.Etcd("name")
	if text, err := os.ReadFile(file); err == nil {
		return strings.TrimSpace(string(text)), nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	suffix := make([]byte, 4)
	_, _ = rand.Read(suffix)
	name := o.Node + "-" + hex.EncodeToString(suffix)
	return name, layout.Write(file, []byte(name), 0o600)
}

func peerURL(o Options) string { return "https://" + o.Address + ":" + peerPort }

func urls(addresses ...string) []url.URL {
	var parsed []url.URL
	for _, address := range addresses {
		if u, err := url.Parse(address); err == nil {
			parsed = append(parsed, *u)
		}
	}
	return parsed
}
