package stdio

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// errLong says that a line did not fit.
var errLong = errors.New("the line is too long")

// readLine returns the next line without its end. Of a line longer than limit
// it returns the beginning, and errLong once it has read past the rest.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if room := limit - len(line); len(bytes.TrimRight(part, "\r\n")) > room {
			part, long = part[:room], true
		}
		line = append(line, part...)
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case long && (err == nil || err == io.EOF):
			err = errLong
		case err == io.EOF && len(line) > 0:
			err = nil // the last line has no end
		}
		return bytes.TrimRight(line, "\r\n"), err
	}
}
