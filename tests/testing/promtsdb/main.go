// Command promtsdb asks Prometheus' own storage: it makes data directories whose content is known, and says what it
// finds in a directory that somebody else made. The tests hold our store against it. See README.md.
package main

import (
	"fmt"
	"os"
)

var commands = map[string]func(args []string) error{
	"write":  write,
	"dump":   dump,
	"check":  check,
	"append": benchAppend,
	"open":   benchOpen,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: promtsdb write|dump|check|append|open DIR [--flag ...]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "promtsdb:", err)
		os.Exit(1)
	}
}
