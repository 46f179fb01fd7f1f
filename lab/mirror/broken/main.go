// Command broken stands for a release that does not work: it ends at once.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "this release is broken on purpose")
	os.Exit(1)
}
