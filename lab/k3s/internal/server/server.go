// Package server is `k3s server`: the control plane, its datastore, and a node.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"groundwork.lab/k3s/internal/apiserver"
	"groundwork.lab/k3s/internal/joining"
	"groundwork.lab/k3s/internal/kubeconfig"
	"groundwork.lab/k3s/internal/layout"
	"groundwork.lab/k3s/internal/member"
	"groundwork.lab/k3s/internal/node"
	"groundwork.lab/k3s/internal/notify"
	"groundwork.lab/k3s/internal/protocol"
	"groundwork.lab/k3s/internal/runtime"
	"groundwork.lab/k3s/internal/settings"
	"groundwork.lab/k3s/internal/supervisor"
	"groundwork.lab/k3s/internal/token"
	"groundwork.lab/k3s/internal/trust"
)

type server struct {
	settings   *settings.Settings
	layout     layout.Layout
	id         node.Identity
	images     map[string]string
	node       *node.Node
	trust      *trust.Trust
	supervisor *supervisor.Supervisor
	member     *member.Member
	client     kubernetes.Interface
	dynamic    dynamic.Interface
	failed     chan error
}

// Run is the server until the context ends. Work stops first, and what it leans on after it: the
// pods' processes are nobody's children here and run on.
func Run(ctx context.Context, s *settings.Settings, images map[string]string) error {
	if err := runtime.Check(); err != nil {
		return err
	}
	id, err := node.Identify(s)
	if err != nil {
		return err
	}
	var children sync.WaitGroup
	l := layout.Layout{Data: s.Text("data-dir")}
	srv := &server{
		settings: s, layout: l, id: id, images: images, failed: make(chan error, 4),
		node: &node.Node{
			Identity: id, Settings: s, Layout: l, API: localAPI, Pause: images["pause"], Children: &children,
		},
	}
	base, stopBase := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBase()
	work, stopWork := context.WithCancel(ctx)
	err = srv.start(work, base)
	if err == nil {
		select {
		case <-ctx.Done():
			slog.Info("Stopping; pods run on")
		case err = <-srv.failed:
		}
	}
	if ctx.Err() != nil {
		err = nil
	}
	stopWork()
	children.Wait()
	srv.releaseLeases(base)
	stopBase()
	if srv.member != nil {
		srv.member.Close()
	}
	return err
}

// start is the order in which a server comes up. Only what needs another waits for it.
func (s *server) start(work, base context.Context) error {
	prepared := make(chan error, 1)
	go func() { prepared <- s.node.StartRuntime(work) }()
	members, err := s.establishTrust(work)
	if err != nil {
		return err
	}
	if err := s.listen(base); err != nil {
		return err
	}
	if err := s.startDatastore(work, members); err != nil {
		return err
	}
	if err := s.startAPI(work, base); err != nil {
		return err
	}
	if err := notify.Ready(); err != nil {
		return err
	}
	slog.Info("The server is ready", "node", s.id.Name, "member", s.member.Name)
	for _, program := range s.programs() {
		s.node.Children.Go(func() { program.Supervise(work) })
	}
	if err := s.startControllers(work); err != nil {
		return err
	}
	if err := <-prepared; err != nil {
		return err
	}
	return s.startNode(work)
}

// establishTrust opens the server's authorities, fetched from the cluster when it joins one, and
// returns the etcd members to join.
func (s *server) establishTrust(ctx context.Context) ([]string, error) {
	var members []string
	if url := s.settings.Text("server"); url != "" && !member.Exists(s.layout) {
		data, err := s.fetch(ctx, url)
		if err != nil {
			return nil, err
		}
		if err := agree(s.settings.Critical(), data.Critical); err != nil {
			return nil, err
		}
		if err := trust.Unpack(s.layout, data.Files); err != nil {
			return nil, err
		}
		members = data.Etcd
	}
	opened, err := trust.Open(s.layout, s.settings.Switch("secrets-encryption"))
	if err != nil {
		return nil, err
	}
	s.trust = opened
	given, err := s.tokenSetting()
	if err != nil {
		return nil, err
	}
	if err := opened.SetPasswords(s.layout, given, s.settings.Text("agent-token")); err != nil {
		return nil, err
	}
	service, err := serviceIP(s.settings.Text("service-cidr"))
	if err != nil {
		return nil, err
	}
	if err := opened.EnsureLeaves(s.layout, trust.Host{
		Node: s.id.Name, Addresses: s.id.Addresses, Extra: s.settings.List("tls-san"),
		ServiceIP: service, ClusterDomain: s.settings.Text("cluster-domain"),
	}); err != nil {
		return nil, err
	}
	return members, s.writeKubeconfigs()
}

func (s *server) fetch(ctx context.Context, url string) (*protocol.BootstrapData, error) {
	given, err := s.tokenSetting()
	if err != nil {
		return nil, err
	}
	parsed, err := token.Parse(given, protocol.ServerUser)
	if err != nil {
		return nil, err
	}
	client, err := joining.Dial(ctx, url, parsed)
	if err != nil {
		return nil, err
	}
	return client.Bootstrap(ctx)
}

func (s *server) tokenSetting() (string, error) {
	file := s.settings.Text("token-file")
	if file == "" {
		return s.settings.Text("token"), nil
	}
	text, err := os.ReadFile(file)
	return strings.TrimSpace(string(text)), err
}

// listen opens the port: from here on this server answers /ping and /cacerts.
func (s *server) listen(ctx context.Context) error {
	s.supervisor = &supervisor.Supervisor{
		Layout: s.layout, Trust: s.trust, Critical: s.settings.Critical(),
		Cluster: protocol.Cluster{
			ClusterCIDR: s.settings.Text("cluster-cidr"),
			ServiceCIDR: s.settings.Text("service-cidr"),
			DNS:         strings.Join(s.settings.List("cluster-dns"), ","),
			Domain:      s.settings.Text("cluster-domain"),
			Backend:     s.settings.Text("flannel-backend"),
		},
	}
	return s.supervisor.Listen(ctx)
}

func (s *server) clients() error {
	config, err := kubeconfig.Read(s.layout.Server("cred/supervisor.kubeconfig"))
	if err != nil {
		return err
	}
	rest.AddUserAgent(config, "k3s")
	if s.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	s.dynamic, err = dynamic.NewForConfig(config)
	return err
}

// startAPI runs the API server behind the port and waits until it is ready.
func (s *server) startAPI(work, base context.Context) error {
	began := time.Now()
	handler, ended, err := apiserver.Start(base, s.apiArgs())
	if err != nil {
		return err
	}
	go func() {
		if err := <-ended; err != nil {
			s.failed <- fmt.Errorf("kube-apiserver: %w", err)
		}
	}()
	s.supervisor.SetAPI(handler)
	if err := s.clients(); err != nil {
		return err
	}
	slog.Info("kube-apiserver is made", "after", time.Since(began).Round(time.Millisecond))
	if err := apiserver.WaitReady(work, s.client); err != nil {
		return err
	}
	slog.Info("kube-apiserver is ready", "after", time.Since(began).Round(time.Millisecond))
	s.supervisor.SetClient(s.client)
	return nil
}
