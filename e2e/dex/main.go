// Command dex is Dex, the OpenID provider, with one client and people who never
// change: for a test in which somebody signs in by a server that others made. It is a
// module of its own, so that nothing of Dex is in ours.
//
//	dex ISSUER REDIRECT_URI
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/dexidp/dex/server"
	"github.com/dexidp/dex/storage"
	"github.com/dexidp/dex/storage/memory"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
)

func main() {
	if err := serve(os.Args[1], os.Args[2], os.Getenv("DEX_WEB")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(issuer, redirect, web string) error {
	at, err := url.Parse(issuer)
	if err != nil {
		return err
	}
	log := logrus.New()
	kept := memory.New(log)
	if err := kept.CreateClient(storage.Client{ID: "door", Secret: "secret-of-the-door-elsewhere", Name: "the door", RedirectURIs: []string{redirect}}); err != nil {
		return err
	}
	for _, c := range []storage.Connector{
		{ID: "mock", Type: "mockCallback", Name: "Mock"}, // Kilgore Trout, of the group "authors"
		{ID: "password", Type: "mockPassword", Name: "a password", Config: []byte(`{"username":"grace","password":"any"}`)},
	} {
		if err := kept.CreateConnector(c); err != nil {
			return err
		}
	}
	dex, err := server.NewServer(context.Background(), server.Config{Issuer: issuer, Storage: kept, Logger: log,
		Web: server.WebConfig{Dir: web}, PrometheusRegistry: prometheus.NewRegistry()})
	if err != nil {
		return err
	}
	s := &http.Server{Addr: at.Host, Handler: dex, ReadHeaderTimeout: 10 * time.Second}
	return s.ListenAndServe()
}
