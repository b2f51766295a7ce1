package config

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxReference bounds what ${file:…} reads, in bytes. Keys and passwords are
// far smaller.
const maxReference = 64 << 10

var environmentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// A badReference is a ${…} that stands for nothing.
type badReference struct{ problem, fix string }

func (b *badReference) Error() string { return b.problem }

// expand replaces every ${NAME} and ${file:/path} of text. $${ is a literal ${.
// What is put in is not searched again.
func (d *decoder) expand(text string) (string, *badReference) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		if !found {
			out.WriteString(text)
			return out.String(), nil
		}
		if literal, ok := strings.CutSuffix(before, "$"); ok {
			out.WriteString(literal + "${")
			text = rest
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", &badReference{"has a ${ without its }", "close it, or write $${ for the two characters"}
		}
		value, bad := d.reference(name)
		if bad != nil {
			return "", bad
		}
		out.WriteString(before + value)
		text = after
	}
}

// reference is the value of ${name}. An empty value is refused: it is a secret
// that was not delivered far more often than a wish.
func (d *decoder) reference(name string) (string, *badReference) {
	if path, ok := strings.CutPrefix(name, "file:"); ok {
		return fileReference(path)
	}
	if !environmentName.MatchString(name) {
		return "", &badReference{"has a ${…} that is neither ${NAME} nor ${file:/path}", "name an environment variable or a file, or write $${ for the two characters"}
	}
	value, ok := d.env(name)
	switch {
	case !ok:
		return "", &badReference{"needs the environment variable " + name + ", which is not set", "set " + name}
	case value == "":
		return "", &badReference{"needs the environment variable " + name + ", which is empty", "set " + name + ", or remove this key"}
	case !utf8.ValidString(value):
		return "", &badReference{"needs the environment variable " + name + ", which is not UTF-8", "set " + name + " to text"}
	}
	return value, nil
}

// fileReference is what a file holds, without the line ending that editors
// leave at its end.
func fileReference(path string) (string, *badReference) {
	if !filepath.IsAbs(path) {
		return "", &badReference{"names a file that is not absolute", "write ${file:/the/whole/path}"}
	}
	b, err := readSmall(path, maxReference)
	if err != nil {
		return "", &badReference{"needs the file " + path + ", which " + whyUnreadable(err), "make it readable, or name another"}
	}
	value := strings.TrimRight(string(b), "\r\n")
	switch {
	case value == "":
		return "", &badReference{"needs the file " + path + ", which is empty", "fill it, or remove this key"}
	case !utf8.ValidString(value):
		return "", &badReference{"needs the file " + path + ", which is not UTF-8", "write binary keys as base64"}
	}
	return value, nil
}

var (
	errIrregular = errors.New("is not a regular file")
	errTooLong   = errors.New("is too long")
)

// readSmall reads a regular file of at most limit bytes. A device or a pipe
// could be without end, or never answer.
func readSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errIrregular
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = errTooLong
	}
	return b, err
}

func whyUnreadable(err error) string {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "does not exist"
	case errors.Is(err, os.ErrPermission):
		return "may not be read"
	case errors.Is(err, errIrregular), errors.Is(err, errTooLong):
		return err.Error()
	}
	return "cannot be read"
}
