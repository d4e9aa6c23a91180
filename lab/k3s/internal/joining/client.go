// Package joining is a node's way to the supervisors of its cluster.
package joining

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"groundwork.lab/k3s/internal/protocol"
	"groundwork.lab/k3s/internal/token"
)

const (
	pause   = 300 * time.Millisecond
	timeout = 20 * time.Second
)

// ErrRefused means that asking again will not help.
var ErrRefused = errors.New("the server refuses this node")

// Client asks the supervisor behind one URL, whose CA it holds to the token.
type Client struct {
	url   string
	token token.Token
	http  *http.Client
	CA    []byte
}

// Dial fetches the CA and checks it, waiting for the server as long as it does not answer.
func Dial(ctx context.Context, url string, t token.Token) (*Client, error) {
	blind := &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	c := &Client{url: strings.TrimRight(url, "/"), token: t, http: blind}
	ca, err := retry(ctx, "the CA of "+c.url, func() ([]byte, error) {
		return c.once(ctx, http.MethodGet, protocol.CACerts, nil)
	})
	if err != nil {
		return nil, err
	}
	if err := t.Check(ca); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrRefused, c.url, err)
	}
	if t.Hash == "" {
		slog.Warn("The token holds no CA hash: the server's CA is taken on trust", "server", c.url)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s%s: there is no certificate in the answer", c.url, protocol.CACerts)
	}
	c.CA = ca
	c.http = &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}},
	}
	return c, nil
}

// Bootstrap fetches what a joining server needs.
func (c *Client) Bootstrap(ctx context.Context) (*protocol.BootstrapData, error) {
	return ask[protocol.BootstrapData](ctx, c, http.MethodGet, protocol.Bootstrap, nil)
}

// Node asks to be let in as a node.
func (c *Client) Node(ctx context.Context, r protocol.NodeRequest) (*protocol.NodeResponse, error) {
	return ask[protocol.NodeResponse](ctx, c, http.MethodPost, protocol.Node, r)
}

func ask[T any](ctx context.Context, c *Client, method, path string, body any) (*T, error) {
	sent, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	text, err := retry(ctx, c.url+path, func() ([]byte, error) {
		return c.once(ctx, method, path, sent)
	})
	if err != nil {
		return nil, err
	}
	answer := new(T)
	return answer, json.Unmarshal(text, answer)
}

func (c *Client) once(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: server: %w", ErrRefused, err)
	}
	if path != protocol.CACerts {
		request.SetBasicAuth(c.token.User, c.token.Password)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		return nil, err
	}
	switch said := strings.TrimSpace(string(text)); {
	case response.StatusCode == http.StatusOK:
		return text, nil
	case response.StatusCode >= 400 && response.StatusCode < 500:
		return nil, fmt.Errorf("%w: %s%s: %s: %s", ErrRefused, c.url, path, response.Status, said)
	default:
		return nil, fmt.Errorf("%s: %s", response.Status, said)
	}
}

// retry asks until there is an answer, a refusal, or no more time. A new reason is logged once.
func retry(ctx context.Context, what string, attempt func() ([]byte, error)) ([]byte, error) {
	told := ""
	for {
		text, err := attempt()
		if err == nil || errors.Is(err, ErrRefused) {
			return text, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err.Error() != told {
			slog.Info("Waiting for "+what, "reason", err)
			told = err.Error()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}
