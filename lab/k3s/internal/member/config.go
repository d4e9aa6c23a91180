package member

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"groundwork.lab/k3s/internal/layout"
)

const (
	heartbeat = 500  // milliseconds, as K3s has them
	election  = 5000 // milliseconds
)

// settings is the member's configuration; etcd-arg overrides it.
func settings(o Options, name string) (*embed.Config, error) {
	config := embed.NewConfig()
	config.Name, config.Dir = name, o.Layout.Etcd()
	config.TickMs, config.ElectionMs = heartbeat, election
	config.SnapshotCount = 10000
	config.WarningUnaryRequestDuration = embed.DefaultWarningUnaryRequestDuration
	config.LogLevel, config.LogOutputs = "warn", []string{"stderr"}
	clients := "https://" + o.Address + ":" + clientPort
	config.ListenClientUrls = urls("https://127.0.0.1:"+clientPort, clients)
	config.AdvertiseClientUrls = urls(clients)
	config.ListenPeerUrls = urls("https://127.0.0.1:"+peerPort, peerURL(o))
	config.AdvertisePeerUrls = urls(peerURL(o))
	config.ListenMetricsUrls = urls("http://127.0.0.1:2381")
	if o.Metrics {
		config.ListenMetricsUrls = urls("http://127.0.0.1:2381", "http://"+o.Address+":2381")
	}
	config.ClientTLSInfo = files(o.Layout, "server-client", "server-ca")
	config.PeerTLSInfo = files(o.Layout, "peer-server-client", "peer-ca")
	config.InitialCluster = name + "=" + peerURL(o)
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return nil, err
	}
	return config, override(config, o.Override)
}

func override(config *embed.Config, args []string) error {
	if len(args) == 0 {
		return nil
	}
	flags := flag.NewFlagSet("etcd-arg", flag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	config.AddFlags(flags)
	for _, arg := range args {
		key, value, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if err := flags.Set(key, value); err != nil {
			return fmt.Errorf("etcd-arg: %q was given: %w", arg, err)
		}
	}
	return nil
}

func files(l layout.Layout, leaf, authority string) transport.TLSInfo {
	return transport.TLSInfo{
		CertFile:       l.TLS("etcd", leaf+".crt"),
		KeyFile:        l.TLS("etcd", leaf+".key"),
		TrustedCAFile:  l.TLS("etcd", authority+".crt"),
		ClientCertAuth: true,
	}
}

// connect is a client of the given members, known to them by the cluster's client certificate.
func connect(l layout.Layout, endpoints []string) (*clientv3.Client, error) {
	info := files(l, "client", "server-ca")
	tls, err := info.ClientConfig()
	if err != nil {
		return nil, err
	}
	return clientv3.New(clientv3.Config{
		Endpoints:            endpoints,
		TLS:                  tls,
		DialTimeout:          5 * time.Second,
		DialKeepAliveTime:    10 * time.Second,
		DialKeepAliveTimeout: 5 * time.Second,
		Logger:               zap.NewNop(),
	})
}

// Local is a client of this server's own member.
func Local(l layout.Layout) (*clientv3.Client, error) {
	return connect(l, []string{"https://127.0.0.1:" + clientPort})
}
