package main

import (
	"net"
	"net/http/httptest"
	"strconv"

	"github.com/sallyport-dev/sallyport/internal/transit/transittest"
)

// A keyEngine is the key service of a script.
type keyEngine struct {
	transittest.Engine
	server *httptest.Server // nil: it is down
	at     string           // the address where it listens
}

type engineKey struct{}

func (e *keyEngine) up(ts *script) {
	l, err := net.Listen("tcp", e.at)
	ts.Check(err)
	e.server = httptest.NewUnstartedServer(&e.Engine)
	_ = e.server.Listener.Close() // ours has the address of before
	e.server.Listener, e.at = l, l.Addr().String()
	e.server.Start()
}

func (e *keyEngine) down() {
	if e.server != nil {
		e.server.Close()
	}
	e.server = nil
}

// serveEngine starts the key service of a script and sets variables to its address and
// its token, or has something happen to it.
func serveEngine(ts *script, _ bool, args []string) {
	wants(ts, args, 1, "engine starts | up | down | sealed | unsealed | rotated | retired | replaced | refuses STATUS TEXT")
	e := ts.Value(engineKey{}).(*keyEngine)
	switch args[0] {
	case "starts":
		e.at = "127.0.0.1:0"
		e.up(ts)
		ts.Defer(e.down)
		ts.Setenv("ENGINE", "http://"+e.at)
		ts.Setenv("ENGINE_TOKEN", transittest.Token)
	case "up":
		e.up(ts)
	case "down":
		e.down()
	case "sealed", "unsealed":
		e.Seal(args[0] == "sealed")
	case "rotated":
		e.Rotate()
	case "retired":
		e.Retire()
	case "replaced":
		e.Replace()
	case "refuses":
		wants(ts, args, 3, "engine refuses STATUS TEXT")
		status, err := strconv.Atoi(args[1])
		ts.Check(err)
		e.Refuse(status, args[2])
	default:
		ts.Fatalf("engine %s is unknown", args[0])
	}
}
