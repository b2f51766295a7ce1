package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"One of ${enum}."`
}

// Run prints a script made from the commands themselves, so that it knows
// exactly what this program knows.
func (c completionCommand) Run(t terminal, k *kong.Kong) error {
	lines := completionLines(k.Model.Node, "")
	switch c.Shell {
	case "fish":
		return fishCompletion(t.out, lines)
	case "zsh":
		fmt.Fprint(t.out, "#compdef sallyport\nautoload -U +X bashcompinit && bashcompinit\n")
	}
	return bashCompletion(t.out, lines)
}

// bashCompletion walks along the words as long as they are commands, so that
// flags and what they take may stand anywhere between.
func bashCompletion(w io.Writer, lines []completionLine) error {
	var commands, words strings.Builder
	for _, l := range lines {
		if l.path != "" {
			fmt.Fprintf(&commands, "|'%s'", l.path)
		}
		fmt.Fprintf(&words, "    '%s') words='%s' ;;\n", l.path, strings.Join(l.words, " "))
	}
	_, err := fmt.Fprintf(w, `_sallyport() {
  local command='' next words=''
  for next in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="${command:+$command }$next"
    case $next in
    %s) command=$next ;;
    esac
  done
  case $command in
%s  esac
  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _sallyport sallyport
`, commands.String()[1:], words.String())
	return err
}

func fishCompletion(w io.Writer, lines []completionLine) error {
	for _, l := range lines {
		condition := "__fish_use_subcommand"
		if l.path != "" {
			condition = "__fish_seen_subcommand_from " + strings.ReplaceAll(l.path, " ", "; and __fish_seen_subcommand_from ")
		}
		if _, err := fmt.Fprintf(w, "complete -c sallyport -f -n '%s' -a '%s'\n", condition, strings.Join(l.words, " ")); err != nil {
			return err
		}
	}
	return nil
}

// A completionLine says which words may follow a path of commands.
type completionLine struct {
	path  string
	words []string
}

func completionLines(n *kong.Node, path string) []completionLine {
	line := completionLine{path: path}
	var below []completionLine
	for _, child := range n.Children {
		line.words = append(line.words, child.Name)
		below = append(below, completionLines(child, strings.TrimSpace(path+" "+child.Name))...)
	}
	for _, p := range n.Positional {
		line.words = append(line.words, p.EnumSlice()...)
	}
	for _, f := range n.Flags {
		if !f.Hidden {
			line.words = append(line.words, "--"+f.Name)
		}
	}
	return append([]completionLine{line}, below...)
}
