package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"groundwork.lab/k3s/internal/child"
	"groundwork.lab/k3s/internal/layout"
)

// Options are what containerd is started with.
type Options struct {
	Layout     layout.Layout
	Conf       string // the CNI configuration file
	Pause      string // the sandboxes' image
	Registries string // registries.yaml
}

var needed = []string{"containerd", "containerd-shim-runc-v2", "ctr", "runc", "iptables", "mount"}

// Check refuses a host that lacks the programs a node is made of.
func Check() error {
	if err := os.Setenv("PATH", layout.Path()); err != nil {
		return err
	}
	var missing []string
	for _, name := range needed {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, name)
		}
	}
	for _, name := range []string{"bridge", "host-local", "portmap", "loopback"} {
		if _, err := os.Stat("/usr/lib/cni/" + name); err != nil {
			missing = append(missing, "/usr/lib/cni/"+name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the host lacks %s; install Debian's containerd, runc, iptables and "+
			"containernetworking-plugins", strings.Join(missing, ", "))
	}
	return nil
}

func (o Options) root() string { return o.Layout.Agent("containerd") }

// Start keeps containerd running, and returns when it answers and has the images of agent/images.
func Start(ctx context.Context, children *sync.WaitGroup, o Options) error {
	registries, err := ReadRegistries(o.Registries)
	if err != nil {
		return err
	}
	for _, folder := range []string{o.root(), o.Layout.Agent("images"), filepath.Dir(o.Conf)} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	kind := snapshotter(o.root())
	config, err := o.write(kind, registries)
	if err != nil {
		return err
	}
	program := child.Program{
		Name: "containerd", Path: "containerd", Args: []string{"--config", config},
		Log: filepath.Join(o.root(), "containerd.log"),
	}
	children.Go(func() { program.Supervise(ctx) })
	if err := answers(ctx); err != nil {
		return err
	}
	return o.importAll(ctx)
}

func answers(ctx context.Context) error {
	for {
		err := ctr(ctx, "version")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("containerd does not answer: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func ctr(ctx context.Context, args ...string) error {
	line := append([]string{"--address", layout.ContainerdSocket, "--namespace", "k8s.io"}, args...)
	out, err := exec.CommandContext(ctx, "ctr", line...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ctr %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}

var archives = []string{".tar", ".tar.gz", ".tgz", ".tar.zst"}

// importAll imports the archives that are new or changed since the last time.
func (o Options) importAll(ctx context.Context) error {
	// Beside the images themselves, so that one is never there without the other.
	ledger := filepath.Join(o.root(), "imported.json")
	done := map[string]string{}
	if text, err := os.ReadFile(ledger); err == nil {
		_ = json.Unmarshal(text, &done)
	}
	entries, err := os.ReadDir(o.Layout.Agent("images"))
	if err != nil {
		return err
	}
	var problems []error
	for _, entry := range entries {
		if !isArchive(entry.Name()) {
			continue
		}
		path := o.Layout.Agent("images", entry.Name())
		mark, err := stamp(path)
		if err != nil || done[path] == mark {
			problems = append(problems, err)
			continue
		}
		// Unpacked when first used: a node runs few of them.
		began := time.Now()
		if err := ctr(ctx, "images", "import", "--no-unpack", path); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", path, err))
			continue
		}
		slog.Info("Imported images", "from", path, "in", time.Since(began).Round(time.Millisecond))
		done[path] = mark
		if text, err := json.Marshal(done); err == nil {
			problems = append(problems, layout.Write(ledger, text, 0o600))
		}
	}
	return errors.Join(problems...)
}

func isArchive(name string) bool {
	return slices.ContainsFunc(archives, func(end string) bool { return strings.HasSuffix(name, end) })
}

// stamp tells a file from its successor. It follows links, for an image folder may be made of them.
func stamp(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano()), nil
}
