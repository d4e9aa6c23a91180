package server

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"groundwork.lab/k3s/internal/apply"
	"groundwork.lab/k3s/internal/charts"
	"groundwork.lab/k3s/internal/deploy"
	"groundwork.lab/k3s/internal/members"
	"groundwork.lab/k3s/internal/packaged"
	"groundwork.lab/k3s/internal/servicelb"
)

// startControllers starts what every server does for itself, and stands for what one does for all.
func (s *server) startControllers(ctx context.Context) error {
	folder := s.layout.Server("manifests")
	values := packaged.Values{
		Images:  s.images,
		DNS:     strings.Join(s.settings.List("cluster-dns"), ","),
		Domain:  s.settings.Text("cluster-domain"),
		Storage: s.layout.Data + "/storage",
	}
	if err := packaged.Write(folder, values, s.settings.List("disable")); err != nil {
		return err
	}
	objects, err := packaged.Disabled(values, s.settings.List("disable"))
	if err != nil {
		return err
	}
	applier := apply.New(s.dynamic, s.client.Discovery())
	watcher := deploy.Watcher{Folder: folder, Applier: applier}
	s.node.Children.Go(func() { watcher.Run(ctx) })
	own := members.Own{Client: s.client, Member: s.member, Node: s.id.Name, Address: s.id.Address}
	s.node.Children.Go(func() { own.Run(ctx) })
	s.node.Children.Go(func() {
		s.lead(ctx, func(ctx context.Context) {
			if err := apply.New(s.dynamic, s.client.Discovery()).Delete(ctx, objects); err != nil {
				slog.Warn("Not everything of the disabled components is removed", "error", err)
			}
			s.forAll(ctx)
		})
	})
	return nil
}

// forAll is what one server does for all.
func (s *server) forAll(ctx context.Context) {
	if !slices.Contains(s.settings.List("disable"), "servicelb") {
		s.node.Children.Go(func() { servicelb.Run(ctx, s.client) })
	}
	if !slices.Contains(s.settings.List("disable"), "traefik") {
		installer := charts.Controller{
			Client: s.client, Dynamic: s.dynamic, Images: s.images,
			Applier: apply.New(s.dynamic, s.client.Discovery()),
		}
		s.node.Children.Go(func() { installer.Run(ctx) })
	}
	all := members.All{Client: s.client, Member: s.member}
	all.Run(ctx)
}

// lead does the work while this server holds the lease, which it gives up when it stops.
func (s *server) lead(ctx context.Context, work func(context.Context)) {
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  meta.ObjectMeta{Name: "k3s", Namespace: meta.NamespaceSystem},
		Client:     s.client.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: s.id.Name},
	}
	for ctx.Err() == nil {
		leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock:            lock,
			ReleaseOnCancel: true,
			LeaseDuration:   15 * time.Second,
			RenewDeadline:   10 * time.Second,
			RetryPeriod:     time.Second,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: work,
				OnStoppedLeading: func() { slog.Info("This server no longer leads") },
			},
		})
	}
}
