// Package child is a program that lives no longer than this one and is started again when it ends.
package child

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"groundwork.lab/k3s/internal/layout"
)

const (
	grace   = 10 * time.Second // between SIGTERM and SIGKILL
	restart = time.Second
)

// Program is a child process to be kept running.
type Program struct {
	Name string
	Path string
	Args []string
	Env  []string // added to this process's own
	Log  string   // a file; the journal when empty
}

// Self is one of the programs this binary carries, chosen by argv[0].
func Self(name string, args ...string) Program {
	return Program{Name: name, Path: "/proc/self/exe", Args: args}
}

// Supervise keeps the program running until the context ends, and returns when it is gone.
func (p Program) Supervise(ctx context.Context) {
	for ctx.Err() == nil {
		slog.Info("Starting " + p.Name + " " + strings.Join(p.Args, " "))
		err := p.once(ctx)
		if ctx.Err() != nil {
			return
		}
		slog.Error(p.Name+" has ended and is started again", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(restart):
		}
	}
}

// once runs the program to its end. The kernel sends the parent-death signal when the thread that
// started the child ends, not the process; so the goroutine keeps its thread for as long.
func (p Program) once(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	out, err := p.output()
	if err != nil {
		return err
	}
	if out != os.Stderr {
		defer out.Close()
	}
	command := exec.Command(p.Path, p.Args...)
	command.Args[0] = p.Name
	command.Env = append(environment(), p.Env...)
	command.Stdout, command.Stderr = out, out
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("%s: %w", p.Path, err)
	}
	ended := make(chan struct{})
	defer close(ended)
	go stop(ctx, command.Process, ended)
	return command.Wait()
}

func stop(ctx context.Context, process *os.Process, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	_ = process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(grace):
		_ = process.Kill()
	}
}

func (p Program) output() (*os.File, error) {
	if p.Log == "" {
		return os.Stderr, nil
	}
	if err := os.MkdirAll(filepath.Dir(p.Log), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
}

// environment is without what systemd says to this unit alone (INVOCATION_ID makes a kubelet take
// systemd for its cgroup driver), and without secrets.
func environment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		switch name {
		case "INVOCATION_ID", "WATCHDOG_USEC", "WATCHDOG_PID", "K3S_TOKEN", "K3S_AGENT_TOKEN":
		default:
			kept = append(kept, entry)
		}
	}
	return append(kept, "PATH="+layout.Path())
}
