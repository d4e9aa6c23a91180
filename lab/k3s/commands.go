package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"groundwork.lab/k3s/internal/agent"
	"groundwork.lab/k3s/internal/layout"
	"groundwork.lab/k3s/internal/server"
	"groundwork.lab/k3s/internal/settings"
)

const usage = `usage: k3s server | agent | kubectl | token | etcd-snapshot | --version
This is the Groundwork lab's stand-in for K3s.
`

const starting = "Starting the Groundwork lab's stand-in for K3s"

// Set by the build.
var (
	version  = "v0.0.0+k3s1"
	revision = "unknown"
	images   = "{}" // the packaged images' names by what they are
)

var commands = map[string]func(context.Context, []string) error{
	"server":        runServer,
	"agent":         runAgent,
	"etcd-snapshot": runSnapshot,
	"token":         runToken,
	"--version":     printVersion,
	"-v":            printVersion,
}

func printVersion(context.Context, []string) error {
	fmt.Printf("k3s version %s (%s)\n", version, revision)
	fmt.Println("This is the Groundwork lab's stand-in for K3s, made of Kubernetes' own modules; " +
		"it is not K3s.")
	return nil
}

func runServer(ctx context.Context, args []string) error {
	slog.Info(starting, "version", version)
	loaded, err := load(settings.Server, args)
	if err != nil {
		return err
	}
	names, err := imageNames()
	if err != nil {
		return err
	}
	return server.Run(ctx, loaded, names)
}

func runAgent(ctx context.Context, args []string) error {
	slog.Info(starting, "version", version)
	loaded, err := load(settings.Agent, args)
	if err != nil {
		return err
	}
	names, err := imageNames()
	if err != nil {
		return err
	}
	return agent.Run(ctx, loaded, names["pause"])
}

func imageNames() (map[string]string, error) {
	names := map[string]string{}
	if err := json.Unmarshal([]byte(images), &names); err != nil {
		return nil, fmt.Errorf("the build gave no table of images: %w", err)
	}
	return names, nil
}

func load(role settings.Role, args []string) (*settings.Settings, error) {
	environment := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		environment[name] = value
	}
	file := layout.ConfigFile
	if given := environment["K3S_CONFIG_FILE"]; given != "" {
		file = given
	}
	loaded, err := settings.Load(role, settings.Sources{File: file, Env: environment, Flags: args})
	if err != nil {
		return nil, err
	}
	for _, note := range loaded.Notes {
		slog.Warn(note)
	}
	return loaded, nil
}
