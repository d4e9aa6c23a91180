// Package supervisor is what a server answers on the API's port beside the API: its CA, and the
// way in for other nodes.
package supervisor

import (
	"context"
	"crypto/subtle"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"k8s.io/client-go/kubernetes"

	"groundwork.lab/k3s/internal/layout"
	"groundwork.lab/k3s/internal/passwords"
	"groundwork.lab/k3s/internal/pki"
	"groundwork.lab/k3s/internal/protocol"
	"groundwork.lab/k3s/internal/trust"
)

// Supervisor serves the port. The API joins it when it is there.
type Supervisor struct {
	Layout   layout.Layout
	Trust    *trust.Trust
	Critical map[string]string
	Cluster  protocol.Cluster

	api     atomic.Pointer[http.Handler]
	client  atomic.Pointer[kubernetes.Interface]
	members atomic.Pointer[func(context.Context) ([]string, error)]
}

// SetAPI gives all other paths to the API server.
func (s *Supervisor) SetAPI(handler http.Handler) { s.api.Store(&handler) }

// SetClient lets nodes in, whose passwords are kept in the cluster.
func (s *Supervisor) SetClient(client kubernetes.Interface) { s.client.Store(&client) }

// SetMembers lets servers in, which must know the etcd members.
func (s *Supervisor) SetMembers(members func(context.Context) ([]string, error)) {
	s.members.Store(&members)
}

// Listen serves until the context ends.
func (s *Supervisor) Listen(ctx context.Context) error {
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", layout.APIPort))
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 30 * time.Second,
		// Certificates are asked for and not judged here: the API server knows its authorities.
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, ClientAuth: tls.RequestClientCert},
		HTTP2:     &http.HTTP2Config{MaxConcurrentStreams: 1000},
		ErrorLog:  log.New(quiet{}, "", 0),
	}
	go func() {
		base := s.Layout.TLS("serving-kube-apiserver")
		err := server.ServeTLS(listener, base+".crt", base+".key")
		if !errors.Is(err, http.ErrServerClosed) {
			slog.Error("The supervisor's listener has ended", "error", err)
			os.Exit(1)
		}
	}()
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	return nil
}

func (s *Supervisor) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+protocol.Ping, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "pong")
	})
	mux.HandleFunc("GET "+protocol.CACerts, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(s.Trust.Server.PEM)
	})
	mux.HandleFunc("GET "+protocol.Bootstrap, s.bootstrap)
	mux.HandleFunc("POST "+protocol.Node, s.node)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux cleans paths and redirects; what is not the supervisor's goes to the API untouched.
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
		} else if api := s.api.Load(); api != nil {
			(*api).ServeHTTP(w, r)
		} else {
			http.Error(w, "the API server is starting", http.StatusServiceUnavailable)
		}
	})
}

// allowed holds a caller to the password of one of the users.
func (s *Supervisor) allowed(w http.ResponseWriter, r *http.Request, users ...string) bool {
	name, password, _ := r.BasicAuth()
	for _, user := range users {
		want := s.Trust.ServerPassword
		if user == protocol.NodeUser {
			want = s.Trust.AgentPassword
		}
		if name == user && subtle.ConstantTimeCompare([]byte(password), []byte(want)) == 1 {
			return true
		}
	}
	slog.Warn("Refused a wrong token", "from", r.RemoteAddr, "user", name, "path", r.URL.Path)
	http.Error(w, "the token's password is not this cluster's for user "+name, http.StatusUnauthorized)
	return false
}

func (s *Supervisor) bootstrap(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r, protocol.ServerUser) {
		return
	}
	members := s.members.Load()
	if members == nil {
		http.Error(w, "etcd is starting", http.StatusServiceUnavailable)
		return
	}
	urls, err := (*members)(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	files, err := trust.Bundle(s.Layout)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, protocol.BootstrapData{Files: files, Critical: s.Critical, Etcd: urls})
}

func (s *Supervisor) node(w http.ResponseWriter, r *http.Request) {
	if !s.allowed(w, r, protocol.NodeUser, protocol.ServerUser) {
		return
	}
	client := s.client.Load()
	if client == nil {
		http.Error(w, "the API server is starting", http.StatusServiceUnavailable)
		return
	}
	var request protocol.NodeRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if request.Name == "" || request.Password == "" {
		http.Error(w, "a node needs a name and a password", http.StatusBadRequest)
		return
	}
	err := passwords.Ensure(r.Context(), *client, request.Name, request.Password)
	if errors.Is(err, passwords.ErrMismatch) {
		slog.Warn(err.Error(), "from", r.RemoteAddr)
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	response, err := s.admit(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, response)
}

// admit signs a node's certificates. Who the node may be is decided here, not by its requests.
func (s *Supervisor) admit(request protocol.NodeRequest) (*protocol.NodeResponse, error) {
	node := "system:node:" + request.Name
	names := append([]string{request.Name, "localhost", "127.0.0.1"}, request.Addresses...)
	signed := map[string][]byte{}
	for certificate, by := range map[string]struct {
		authority *pki.Authority
		subject   pki.Subject
	}{
		protocol.Kubelet: {s.Trust.Client,
			pki.Subject{Name: node, Groups: []string{"system:nodes"}, Client: true}},
		protocol.Serving: {s.Trust.Server,
			pki.Subject{Name: request.Name, Names: names, Server: true}},
		protocol.KubeProxy:  {s.Trust.Client, pki.Subject{Name: "system:kube-proxy", Client: true}},
		protocol.Controller: {s.Trust.Client, pki.Subject{Name: "system:k3s-controller", Client: true}},
	} {
		text, err := by.authority.Sign(request.Requests[certificate], by.subject)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", certificate, err)
		}
		signed[certificate] = text
	}
	return &protocol.NodeResponse{
		Certificates: signed,
		ClientCA:     s.Trust.Client.PEM,
		ServerCA:     s.Trust.Server.PEM,
		Cluster:      s.Cluster,
	}, nil
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		slog.Warn("An answer was not delivered", "error", err)
	}
}

// quiet drops the handshake errors of port scanners and health checks.
type quiet struct{}

func (quiet) Write(text []byte) (int, error) {
	slog.Debug(string(text))
	return len(text), nil
}
