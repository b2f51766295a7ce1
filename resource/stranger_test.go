package resource_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// A header that comes after the body was judged by nobody. An upstream over
// HTTP/2 would be sent it, and some take a trailer for a header.
func TestNoTrailerGoesOn(t *testing.T) {
	f := newFixture(t, nil)
	trailers := make(chan http.Header, 1)
	behind := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		trailers <- r.Trailer
	})
	const body = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	request := fmt.Sprintf("POST /mcp HTTP/1.1\r\nHost: mcp.example.com\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"+
		"Trailer: X-Sallyport-Subject\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nX-Sallyport-Subject: p_root\r\n\r\n",
		f.mint(access("tickets:read")), len(body), body)
	answer := overAPipe(t, f.guard.Wrap(behind), request)
	if !strings.HasPrefix(answer, "HTTP/1.1 200") {
		t.Fatal(answer)
	}
	if got := <-trailers; len(got) != 0 {
		t.Errorf("%v went on", got)
	}
}

// Who is refused is answered before their body is read, but after it has come:
// that is how HTTP/1.1 works. Strangers must not be able to wait with it.
func TestAStrangerWhoNeverSendsTheirBodyIsAnswered(t *testing.T) {
	f := newFixture(t, nil)
	for name, head := range map[string]string{
		"a body without its octets": "POST /mcp HTTP/1.1\r\nHost: mcp.example.com\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n",
		"chunks without an end":     "POST /mcp HTTP/1.1\r\nHost: mcp.example.com\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{",
		"a body where none belongs": "GET /mcp HTTP/1.1\r\nHost: mcp.example.com\r\nContent-Length: 10\r\n\r\n",
		"from another origin":       "POST /mcp HTTP/1.1\r\nHost: mcp.example.com\r\nOrigin: null\r\nContent-Length: 10\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answer := overAPipe(t, f.guard.Wrap(http.NotFoundHandler()), head)
				if !strings.HasPrefix(answer, "HTTP/1.1 40") {
					t.Error(answer)
				}
			})
		})
	}
}

// overAPipe sends octets to a server of h and returns the first line of its
// answer. In a bubble, time passes as fast as it can.
func overAPipe(t *testing.T, h http.Handler, request string) string {
	t.Helper()
	ours, theirs := net.Pipe()
	l := &oneConnection{c: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.c <- theirs
	server := &http.Server{Handler: h}
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = server.Serve(l)
	}()
	go func() { _, _ = io.WriteString(ours, request) }()
	line, err := bufio.NewReader(ours).ReadString('\n')
	if err != nil {
		t.Error(err)
	}
	_ = ours.Close()
	_ = server.Close()
	<-over
	return line
}

// oneConnection is a listener that somebody has come to already.
type oneConnection struct {
	c      chan net.Conn
	closed chan struct{}
}

func (l *oneConnection) Accept() (net.Conn, error) {
	select {
	case c := <-l.c:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *oneConnection) Close() error {
	close(l.closed)
	return nil
}

func (l *oneConnection) Addr() net.Addr { return &net.TCPAddr{} }
