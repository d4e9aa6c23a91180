// Package apiserver is kube-apiserver in this process, so that one port serves it and the
// supervisor.
package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	logsapi "k8s.io/component-base/logs/api/v1"
	aggregator "k8s.io/kube-aggregator/pkg/apiserver"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"

	"groundwork.lab/k3s/internal/layout"
)

// Start makes the API server and runs it; what it answers with is returned at once, and is ready
// when WaitReady says so. The channel gives the error it ends with.
func Start(ctx context.Context, args []string) (http.Handler, <-chan error, error) {
	completed, err := complete(ctx, args)
	if err != nil {
		return nil, nil, fmt.Errorf("kube-apiserver: %w", err)
	}
	config, err := app.NewConfig(completed)
	if err != nil {
		return nil, nil, fmt.Errorf("kube-apiserver: %w", err)
	}
	serving := config.KubeAPIs.ControlPlane.Generic.SecureServing
	serving.Listener = advertised{serving.Listener}
	finished, err := config.Complete()
	if err != nil {
		return nil, nil, fmt.Errorf("kube-apiserver: %w", err)
	}
	chain, err := app.CreateServerChain(finished)
	if err != nil {
		return nil, nil, fmt.Errorf("kube-apiserver: %w", err)
	}
	return run(ctx, chain)
}

func run(ctx context.Context, chain *aggregator.APIAggregator) (http.Handler, <-chan error, error) {
	prepared, err := chain.PrepareRun()
	if err != nil {
		return nil, nil, fmt.Errorf("kube-apiserver: %w", err)
	}
	ended := make(chan error, 1)
	go func() {
		err := prepared.Run(ctx)
		if err == nil && ctx.Err() == nil {
			err = errors.New("it ended by itself")
		}
		ended <- err
	}()
	return chain.GenericAPIServer.Handler, ended, nil
}

func complete(ctx context.Context, args []string) (options.CompletedOptions, error) {
	// The supervisor's own libraries may have set up logging before.
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	server := options.NewServerRunOptions()
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	named := server.Flags()
	for _, set := range named.FlagSets {
		flags.AddFlagSet(set)
	}
	if err := flags.Parse(args); err != nil {
		return options.CompletedOptions{}, err
	}
	if err := server.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return options.CompletedOptions{}, err
	}
	completed, err := server.Complete(ctx)
	if err != nil {
		return options.CompletedOptions{}, err
	}
	return completed, utilerrors.NewAggregate(completed.Validate())
}

// advertised is the API server's loopback listener under the address of the port that clients use:
// the `kubernetes` Service's endpoints are made from it.
type advertised struct{ net.Listener }

func (advertised) Addr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4zero, Port: layout.APIPort}
}

// WaitReady returns when the server behind the client says that it is ready.
func WaitReady(ctx context.Context, client kubernetes.Interface) error {
	return wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true,
		func(ctx context.Context) (bool, error) {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			err := client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
			return err == nil, nil
		})
}
