package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"groundwork.lab/k3s/internal/layout"
	"groundwork.lab/k3s/internal/member"
	"groundwork.lab/k3s/internal/settings"
)

// runSnapshot is `k3s etcd-snapshot save [--name NAME] | ls`, with the server's configuration.
func runSnapshot(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("etcd-snapshot: say save or ls; the stand-in has no others")
	}
	verb, name, rest := args[0], "on-demand", []string{}
	for _, arg := range args[1:] {
		if given, found := strings.CutPrefix(arg, "--name="); found {
			name = given
		} else {
			rest = append(rest, arg)
		}
	}
	loaded, err := load(settings.Server, rest)
	if err != nil {
		return err
	}
	l := layout.Layout{Data: loaded.Text("data-dir")}
	folder := loaded.Text("etcd-snapshot-dir")
	if folder == "" {
		folder = l.Server("db/snapshots")
	}
	switch verb {
	case "save":
		return saveSnapshot(ctx, l, folder, name)
	case "ls", "list":
		return listSnapshots(folder)
	default:
		return fmt.Errorf("etcd-snapshot: the stand-in has no %q, only save and ls", verb)
	}
}

func saveSnapshot(ctx context.Context, l layout.Layout, folder, name string) error {
	if !member.Exists(l) {
		return fmt.Errorf("etcd-snapshot: there is no datastore in %s; run it on a server", l.Etcd())
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	client, err := member.Local(l)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	stream, err := client.Snapshot(ctx)
	if err != nil {
		return fmt.Errorf("etcd-snapshot: %w", err)
	}
	defer stream.Close()
	file := fmt.Sprintf("%s-%s-%d", name, host, time.Now().Unix())
	if err := writeSnapshot(filepath.Join(folder, file), stream); err != nil {
		return fmt.Errorf("etcd-snapshot: %w", err)
	}
	fmt.Printf("Snapshot %s saved.\n", file)
	return nil
}

// writeSnapshot has the file whole or not at all.
func writeSnapshot(path string, stream io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	aside := path + ".part"
	file, err := os.OpenFile(aside, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, stream)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(aside))
	}
	return os.Rename(aside, path)
}

func listSnapshots(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 4, 1, ' ', 0)
	fmt.Fprintln(table, "Name\tLocation\tSize\tCreated")
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || strings.HasSuffix(entry.Name(), ".part") {
			continue
		}
		fmt.Fprintf(table, "%s\tfile://%s\t%d\t%s\n", entry.Name(), filepath.Join(folder, entry.Name()),
			info.Size(), info.ModTime().UTC().Format(time.RFC3339))
	}
	return table.Flush()
}

// runToken says where the tokens are: the stand-in has no short-lived ones.
func runToken(_ context.Context, args []string) error {
	l := layout.Layout{Data: "/var/lib/rancher/k3s"}
	if len(args) != 1 || args[0] != "list" {
		return fmt.Errorf("token: the stand-in has only `k3s token list`; servers join with the token "+
			"in %s, agents with the one in %s", l.Server("token"), l.Server("agent-token"))
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 4, 1, ' ', 0)
	fmt.Fprintln(table, "File\tLets in\tExpires")
	for _, one := range [][2]string{{"token", "servers and agents"}, {"agent-token", "agents"}} {
		if _, err := os.Stat(l.Server(one[0])); err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\tnever\n", l.Server(one[0]), one[1])
	}
	return table.Flush()
}
