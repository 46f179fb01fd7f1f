// Command monctl takes bare Linux VMs to a proven monitoring stack, over SSH.
package main

import (
	"os"

	"github.com/monctl/monctl/cmd"
	"github.com/monctl/monctl/cmd/ui"
)

func main() { os.Exit(cmd.Main(os.Args[1:], ui.Std())) }
