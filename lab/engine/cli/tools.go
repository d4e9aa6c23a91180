//go:build tools

// Package cli pins the Pulumi command line program that the lab builds where it cannot be downloaded.
package cli

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
