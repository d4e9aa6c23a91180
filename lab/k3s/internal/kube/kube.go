// Package kube is the Kubernetes programs this binary carries as processes of their own.
package kube

import (
	"context"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	"groundwork.lab/k3s/internal/layout"
)

var programs = map[string]func(context.Context) *cobra.Command{
	"kubelet":        kubelet.NewKubeletCommand,
	"kube-proxy":     func(context.Context) *cobra.Command { return proxy.NewProxyCommand() },
	"kube-scheduler": func(context.Context) *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kube-controller-manager": func(context.Context) *cobra.Command {
		return controllers.NewControllerManagerCommand()
	},
}

// Is tells whether there is a program of that name.
func Is(name string) bool { return name == "kubectl" || programs[name] != nil }

// Run is the program of that name, with the arguments of this process, and its exit code.
func Run(name string) int {
	if name == "kubectl" {
		return cli.Run(cmd.NewDefaultKubectlCommand())
	}
	return cli.Run(programs[name](context.Background()))
}

// Kubectl is `k3s kubectl`: without a kubeconfig of its own it takes the server's.
func Kubectl(args []string) int {
	_, given := os.LookupEnv("KUBECONFIG")
	if _, err := os.Stat(layout.Kubeconfig); err == nil && !given {
		_ = os.Setenv("KUBECONFIG", layout.Kubeconfig)
	}
	os.Args = append([]string{"kubectl"}, args...)
	return Run("kubectl")
}
