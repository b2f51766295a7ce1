package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/config"
)

type configImportEnv struct {
	asked
	File     string `arg:"" optional:"" placeholder:"FILE" help:"A file of NAME=value lines; without it, the environment of this command." type:"path"`
	To       string `required:"" placeholder:"DIR" help:"Where the settings and the files with secrets go." type:"path"`
	LoginURL string `name:"login-url" placeholder:"URL" help:"A page of your own that runs Privy's login, instead of this server's: login_url."`
	Protect  string `placeholder:"URL" help:"The MCP server to guard. Without it the built-in one is, where PROTOCOL_API_URL says what for; otherwise it is guarded elsewhere by a library."`
}

// Run writes settings, secrets in files beside them, and the signing key into the
// database. What it prints are names and no values.
func (c configImportEnv) Run(ctx context.Context, t terminal) error {
	env, unknown, err := c.read(t)
	if err != nil {
		return err
	}
	m := &migration{dir: c.To, env: env, loginURL: c.LoginURL, protect: c.Protect}
	text, err := m.settings()
	if err != nil {
		return err
	}
	for _, name := range unknown {
		m.say(name, "not known, left out")
	}
	file := filepath.Join(c.To, "sallyport.yaml")
	if err := m.write(file, text); err != nil {
		return err
	}
	if _, err := config.Load(file, t.env); err != nil {
		m.unwrite(file) // so that it can be tried again
		return err
	}
	if m.signingKey != nil {
		quiet := t
		quiet.in, quiet.out = bytes.NewReader(m.signingKey), new(bytes.Buffer)
		// Whoever checks the tokens of that server has this key, and no other.
		if err := (keysImport{which: which{Config: file}, Algorithm: m.algorithm, File: "-", Now: true}).Run(ctx, quiet); err != nil {
			m.unwrite(file)
			return err
		}
	}
	rows := [][]string{}
	for _, r := range m.report {
		rows = append(rows, []string{r.Variable, r.Became})
	}
	if err := c.show(t, m.report, []string{"VARIABLE", "WHAT BECAME OF IT"}, rows); err != nil || c.JSON {
		return err
	}
	fmt.Fprintf(t.out, "\nThe settings are in %s. Look at them, and then: sallyport serve --config %s\n", file, file)
	if c.Protect == "" && m.became["PROTOCOL_API_URL"] == "" {
		fmt.Fprintln(t.out, "They say nothing of where the MCP server is: write it as upstream under resources, unless a library guards it where it is.")
	}
	return nil
}

// read returns the variables that are known, and the names of those that a file has
// besides.
func (c configImportEnv) read(t terminal) (env map[string]string, unknown []string, err error) {
	env = map[string]string{}
	if c.File == "" {
		for _, v := range variables {
			if value, ok := t.env(v.name); ok && value != "" {
				env[v.name] = value
			}
		}
	} else {
		text, err := os.ReadFile(c.File)
		if err != nil {
			return nil, nil, hint(err, "name a file of NAME=value lines")
		}
		all := readDotEnv(string(text))
		for name, value := range all {
			switch known := slices.ContainsFunc(variables, func(v variable) bool { return v.name == name }); {
			case !known:
				unknown = append(unknown, name)
			case value != "":
				env[name] = value
			}
		}
		slices.Sort(unknown)
	}
	if len(env) == 0 {
		return nil, nil, hint(errors.New("there is nothing to import"), "name the file with the variables: sallyport config import-env .env --to DIR; docs/login.md lists them")
	}
	return env, unknown, nil
}

// readDotEnv reads NAME=value lines, with export before them or not, and with quotes
// or not; a value in quotes may have several lines.
func readDotEnv(text string) map[string]string {
	all := map[string]string{}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimPrefix(strings.TrimSpace(lines[i]), "export ")
		name, value, ok := strings.Cut(line, "=")
		if name = strings.TrimSpace(name); !ok || strings.HasPrefix(name, "#") {
			continue
		}
		value = strings.TrimSpace(value)
		quote := ""
		if value != "" && strings.Contains(`"'`, value[:1]) {
			quote = value[:1]
		}
		if quote == "" {
			value, _, _ = strings.Cut(value, " #")
			all[name] = strings.TrimSpace(value)
			continue
		}
		value = value[1:]
		for !strings.Contains(value, quote) && i+1 < len(lines) {
			i++
			value += "\n" + lines[i]
		}
		value, _, _ = strings.Cut(value, quote)
		if quote == `"` {
			value = strings.ReplaceAll(value, `\n`, "\n")
		}
		all[name] = value
	}
	return all
}

func (m *migration) unwrite(file string) {
	os.Remove(file) //nolint:errcheck // who looks finds it
	for name := range m.files {
		os.Remove(filepath.Join(m.dir, name)) //nolint:errcheck // the same
	}
}

// write makes the directory, the files with secrets, and the settings, which must
// not be there yet.
func (m *migration) write(file, text string) error {
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return hint(err, "--to names another directory")
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return hint(fmt.Errorf("%s is there already", file), "--to names another directory, or move it away")
	}
	if err != nil {
		return hint(err, "--to names another directory")
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Close())
	for name, secret := range m.files {
		err = errors.Join(err, os.WriteFile(filepath.Join(m.dir, name), []byte(secret+"\n"), 0o600))
	}
	return err
}
