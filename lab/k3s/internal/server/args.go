package server

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"strconv"

	"groundwork.lab/k3s/internal/arguments"
	"groundwork.lab/k3s/internal/child"
	"groundwork.lab/k3s/internal/kubeconfig"
	"groundwork.lab/k3s/internal/layout"
	"groundwork.lab/k3s/internal/trust"
)

const localAPI = "https://127.0.0.1:6443"

// apiArgs are kube-apiserver's arguments, as K3s gives them.
func (s *server) apiArgs() []string {
	l := s.layout
	args := arguments.Set{
		"advertise-address":                s.id.Address,
		"allow-privileged":                 "true",
		"anonymous-auth":                   "false",
		"api-audiences":                    s.issuer() + ",k3s",
		"authorization-mode":               "Node,RBAC",
		"bind-address":                     "127.0.0.1",
		"cert-dir":                         l.TLS("temporary-certs"),
		"client-ca-file":                   l.TLS("client-ca.crt"),
		"enable-admission-plugins":         "NodeRestriction",
		"enable-aggregator-routing":        "true",
		"enable-bootstrap-token-auth":      "true",
		"etcd-cafile":                      l.TLS("etcd/server-ca.crt"),
		"etcd-certfile":                    l.TLS("etcd/client.crt"),
		"etcd-keyfile":                     l.TLS("etcd/client.key"),
		"etcd-servers":                     "https://127.0.0.1:2379",
		"kubelet-certificate-authority":    l.TLS("server-ca.crt"),
		"kubelet-client-certificate":       l.TLS("client-kube-apiserver.crt"),
		"kubelet-client-key":               l.TLS("client-kube-apiserver.key"),
		"kubelet-preferred-address-types":  "InternalIP,ExternalIP,Hostname",
		"profiling":                        "false",
		"secure-port":                      fmt.Sprint(layout.LocalAPIPort),
		"service-account-issuer":           s.issuer(),
		"service-account-key-file":         l.TLS("service.key"),
		"service-account-signing-key-file": l.TLS("service.key"),
		"service-cluster-ip-range":         s.settings.Text("service-cidr"),
		"service-node-port-range":          "30000-32767",
		"tls-cert-file":                    l.TLS("serving-kube-apiserver.crt"),
		"tls-private-key-file":             l.TLS("serving-kube-apiserver.key"),
	}
	maps.Copy(args, s.proxyArgs())
	if s.settings.Switch("secrets-encryption") {
		args["encryption-provider-config"] = trust.EncryptionFile(l)
		args["encryption-provider-config-automatic-reload"] = "true"
	}
	return args.With(s.settings.List("kube-apiserver-arg"))
}

// proxyArgs are for the APIs that are served by others behind this one.
func (s *server) proxyArgs() arguments.Set {
	l := s.layout
	return arguments.Set{
		"proxy-client-cert-file":             l.TLS("client-auth-proxy.crt"),
		"proxy-client-key-file":              l.TLS("client-auth-proxy.key"),
		"requestheader-allowed-names":        "system:auth-proxy",
		"requestheader-client-ca-file":       l.TLS("request-header-ca.crt"),
		"requestheader-extra-headers-prefix": "X-Remote-Extra-",
		"requestheader-group-headers":        "X-Remote-Group",
		"requestheader-username-headers":     "X-Remote-User",
	}
}

func (s *server) issuer() string {
	return "https://kubernetes.default.svc." + s.settings.Text("cluster-domain")
}

// programs are the control plane's own processes.
func (s *server) programs() []child.Program {
	controllers := s.layout.Server("cred/controller.kubeconfig")
	scheduler := s.layout.Server("cred/scheduler.kubeconfig")
	manager := arguments.Set{
		"allocate-node-cidrs":              "true",
		"authentication-kubeconfig":        controllers,
		"authorization-kubeconfig":         controllers,
		"bind-address":                     "127.0.0.1",
		"cluster-cidr":                     s.settings.Text("cluster-cidr"),
		"cluster-signing-cert-file":        s.layout.TLS("client-ca.crt"),
		"cluster-signing-key-file":         s.layout.TLS("client-ca.key"),
		"kubeconfig":                       controllers,
		"profiling":                        "false",
		"root-ca-file":                     s.layout.TLS("server-ca.crt"),
		"service-account-private-key-file": s.layout.TLS("service.key"),
		"service-cluster-ip-range":         s.settings.Text("service-cidr"),
		"use-service-account-credentials":  "true",
	}
	return []child.Program{
		child.Self("kube-controller-manager",
			manager.With(s.settings.List("kube-controller-manager-arg"))...),
		child.Self("kube-scheduler", arguments.Set{
			"authentication-kubeconfig": scheduler,
			"authorization-kubeconfig":  scheduler,
			"bind-address":              "127.0.0.1",
			"kubeconfig":                scheduler,
			"profiling":                 "false",
		}.With(s.settings.List("kube-scheduler-arg"))...),
	}
}

// writeKubeconfigs writes those of the control plane and the administrator's.
func (s *server) writeKubeconfigs() error {
	ca := s.trust.Server.PEM
	for file, client := range map[string]string{
		"admin": "client-admin", "supervisor": "client-supervisor",
		"controller": "client-controller", "scheduler": "client-scheduler",
	} {
		path := s.layout.Server("cred", file+".kubeconfig")
		if err := kubeconfig.Write(path, localAPI, ca, s.layout.TLS(client)); err != nil {
			return err
		}
	}
	mode, err := fileMode(s.settings.Text("write-kubeconfig-mode"))
	if err != nil {
		return err
	}
	admin := s.layout.TLS("client-admin")
	return kubeconfig.WritePortable(layout.Kubeconfig, localAPI, ca, admin, mode)
}

// serviceIP is the `kubernetes` Service's: the first of the Services' network.
func serviceIP(network string) (string, error) {
	prefix, err := netip.ParsePrefix(network)
	if err != nil {
		return "", err
	}
	return prefix.Masked().Addr().Next().String(), nil
}

func fileMode(given string) (os.FileMode, error) {
	if given == "" {
		return 0o600, nil
	}
	mode, err := strconv.ParseUint(given, 8, 32)
	if err != nil || mode > 0o777 {
		return 0, fmt.Errorf("write-kubeconfig-mode: %q was given; it must be octal, such as 0600", given)
	}
	return os.FileMode(mode), nil
}
