// Command k3s is the Groundwork lab's stand-in for K3s: the same commands, files, ports and
// behaviour towards systemd, made of Kubernetes' own modules and Debian's containerd.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"groundwork.lab/k3s/internal/kube"
	"groundwork.lab/k3s/internal/notify"
)

func main() {
	if name := filepath.Base(os.Args[0]); kube.Is(name) {
		os.Exit(program(name))
	}
	notify.Claim()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// program is one of the Kubernetes programs; by the name kubectl it is the operator's.
func program(name string) int {
	if name == "kubectl" {
		return kube.Kubectl(os.Args[1:])
	}
	return kube.Run(name)
}

func run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	if args[0] == "kubectl" {
		return kube.Kubectl(args[1:])
	}
	command, known := commands[args[0]]
	if !known {
		fmt.Fprintf(os.Stderr, "k3s: there is no command %q\n%s", args[0], usage)
		return 2
	}
	if err := command(ctx, args[1:]); err != nil {
		slog.Error(err.Error())
		return 1
	}
	return 0
}
