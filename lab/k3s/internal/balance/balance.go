// Package balance is a TCP load balancer on the loopback that knows all servers.
package balance

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"groundwork.lab/k3s/internal/layout"
)

const (
	dialTimeout = 3 * time.Second
	checkEvery  = 2 * time.Second
	patience    = 2 // failed checks in a row before a server's connections are cut
)

// Balancer sends each connection to the server that answered last, and to the next when it does
// not.
type Balancer struct {
	file    string
	mu      sync.Mutex
	servers []string // host:port, the preferred one first
	open    map[net.Conn]string
}

// New is a balancer over the given servers and those remembered in the file.
func New(file string, servers ...string) *Balancer {
	b := &Balancer{file: file, open: map[net.Conn]string{}}
	var remembered []string
	if text, err := os.ReadFile(file); err == nil {
		_ = json.Unmarshal(text, &remembered)
	}
	for _, server := range append(remembered, servers...) {
		if !slices.Contains(b.servers, server) {
			b.servers = append(b.servers, server)
		}
	}
	return b
}

// Listen serves on the address until the context ends.
func (b *Balancer) Listen(ctx context.Context, address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		listener.Close()
	}()
	go func() {
		for {
			connection, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				go b.serve(connection)
			}
		}
	}()
	go b.check(ctx)
	return nil
}

// check cuts the connections to servers that have stopped answering: a host that lost its power
// closes none, and its callers would wait for it.
func (b *Balancer) check(ctx context.Context) {
	failures := map[string]int{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(checkEvery):
		}
		for _, server := range b.used() {
			connection, err := net.DialTimeout("tcp", server, dialTimeout)
			if err == nil {
				connection.Close()
				failures[server] = 0
			} else if failures[server]++; failures[server] >= patience {
				slog.Warn("A server has stopped answering", "server", server, "error", err)
				b.demote(server)
				b.cut(func(other string) bool { return other == server })
			}
		}
	}
}

// used are the servers that have connections.
func (b *Balancer) used() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	servers := map[string]bool{}
	for _, server := range b.open {
		servers[server] = true
	}
	return slices.Collect(maps.Keys(servers))
}

// cut closes the connections to certain servers.
func (b *Balancer) cut(which func(string) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for connection, server := range b.open {
		if which(server) {
			connection.Close()
		}
	}
}

// Servers are the known servers, the preferred one first.
func (b *Balancer) Servers() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.servers)
}

// Update replaces the known servers. Connections to one that is gone are cut, so that their callers
// come back to another; an empty list is an API server that is only starting, and is not believed.
func (b *Balancer) Update(servers []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(servers) == 0 || sameSet(b.servers, servers) {
		return
	}
	kept := slices.DeleteFunc(slices.Clone(b.servers), func(old string) bool {
		return !slices.Contains(servers, old)
	})
	for _, server := range servers {
		if !slices.Contains(kept, server) {
			kept = append(kept, server)
		}
	}
	slog.Info("Updated the load balancer's servers", "servers", kept)
	b.servers = kept
	go b.cut(func(server string) bool { return !slices.Contains(kept, server) })
	if text, err := json.Marshal(kept); err == nil {
		_ = layout.Write(b.file, text, 0o600)
	}
}

func sameSet(a, b []string) bool {
	x, y := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(x, y)
}

func (b *Balancer) serve(front net.Conn) {
	defer front.Close()
	back, server := b.dial()
	if back == nil {
		return
	}
	defer back.Close()
	b.mu.Lock()
	b.open[back] = server
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.open, back)
		b.mu.Unlock()
	}()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{front, back}, {back, front}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			done <- struct{}{}
		}()
	}
	<-done
}

func (b *Balancer) dial() (net.Conn, string) {
	for _, server := range b.Servers() {
		connection, err := net.DialTimeout("tcp", server, dialTimeout)
		if err == nil {
			return connection, server
		}
		slog.Warn("A server does not answer, trying the next", "server", server, "error", err)
		b.demote(server)
	}
	return nil, ""
}

// demote puts a server that did not answer at the end.
func (b *Balancer) demote(server string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.servers, server); i >= 0 {
		b.servers = append(slices.Delete(b.servers, i, i+1), server)
	}
}
