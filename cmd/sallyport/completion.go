package main

import (
	"fmt"
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
		for _, l := range lines {
			condition := "__fish_use_subcommand"
			if l.path != "" {
				condition = "string match -q 'sallyport " + l.path + "' (commandline -opc | string join ' ')"
			}
			fmt.Fprintf(t.out, "complete -c sallyport -f -n %q -a %q\n", condition, strings.Join(l.words, " "))
		}
		return nil
	case "zsh":
		fmt.Fprintln(t.out, "#compdef sallyport\nautoload -U +X bashcompinit && bashcompinit")
	}
	fmt.Fprintln(t.out, "_sallyport() {\n  local path=\"\" word\n  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case $word in -*) ;; *) path=\"${path:+$path }$word\" ;; esac\n  done\n  local words=\"\"\n  case $path in")
	for _, l := range lines {
		fmt.Fprintf(t.out, "    %q) words=%q ;;\n", l.path, strings.Join(l.words, " "))
	}
	fmt.Fprintln(t.out, "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o default -F _sallyport sallyport")
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
	for _, f := range n.Flags {
		if !f.Hidden {
			line.words = append(line.words, "--"+f.Name)
		}
	}
	return append([]completionLine{line}, below...)
}
