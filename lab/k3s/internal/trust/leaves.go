package trust

import (
	"groundwork.lab/k3s/internal/layout"
	"groundwork.lab/k3s/internal/pki"
)

// Host is what a server's certificates say of it.
type Host struct {
	Node          string
	Addresses     []string // node-ip and node-external-ip
	Extra         []string // tls-san
	ServiceIP     string   // of the `kubernetes` Service
	ClusterDomain string
}

type leaf struct {
	authority *pki.Authority
	base      string
	subject   pki.Subject
}

// EnsureLeaves signs all certificates a server has.
func (t *Trust) EnsureLeaves(l layout.Layout, host Host) error {
	for _, one := range append(t.serving(host), t.clients()...) {
		if err := one.authority.Ensure(l.TLS(one.base), one.subject); err != nil {
			return err
		}
	}
	return nil
}

func (t *Trust) serving(host Host) []leaf {
	local := []string{"localhost", "127.0.0.1", "::1", host.Node}
	api := append([]string{
		"kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc." + host.ClusterDomain, host.ServiceIP,
	}, local...)
	api = unique(append(append(api, host.Addresses...), host.Extra...))
	etcd := unique(append(local, host.Addresses...))
	return []leaf{
		{t.Server, "serving-kube-apiserver",
			pki.Subject{Name: "kube-apiserver", Names: api, Server: true}},
		{t.EtcdServer, "etcd/server-client",
			pki.Subject{Name: "etcd-server", Names: etcd, Server: true, Client: true}},
		{t.EtcdPeer, "etcd/peer-server-client",
			pki.Subject{Name: "etcd-peer", Names: etcd, Server: true, Client: true}},
	}
}

func (t *Trust) clients() []leaf {
	client := func(name string, groups ...string) pki.Subject {
		return pki.Subject{Name: name, Groups: groups, Client: true}
	}
	return []leaf{
		{t.EtcdServer, "etcd/client", client("etcd-client")},
		{t.Header, "client-auth-proxy", client("system:auth-proxy")},
		{t.Client, "client-admin", client("system:admin", "system:masters")},
		{t.Client, "client-supervisor", client("system:k3s-supervisor", "system:masters")},
		{t.Client, "client-kube-apiserver", client("system:apiserver", "system:masters")},
		{t.Client, "client-controller", client("system:kube-controller-manager")},
		{t.Client, "client-scheduler", client("system:kube-scheduler")},
	}
}

// unique keeps the first of equal names.
func unique(names []string) []string {
	seen := map[string]bool{}
	var kept []string
	for _, name := range names {
		if name != "" && !seen[name] {
			seen[name] = true
			kept = append(kept, name)
		}
	}
	return kept
}
