package main

import (
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/oauth"
)

// metrics is what Prometheus reads. Labels are routes and statuses, never what
// a stranger wrote, so that no one can make series without end.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	found    sync.Map // of outcome to *series: to find them by their labels costs more than to count
}

// An outcome is what a request is counted by. Routes are those of the muxes and
// statuses are what handlers write, so there are few.
type outcome struct {
	route  string
	status int
}

type series struct {
	requests prometheus.Counter
	took     prometheus.Observer
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sallyport_requests_total", Help: "Requests answered, by route and status."}, []string{"route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sallyport_request_seconds", Help: "How long requests took, streams included, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60}}, []string{"route"}),
	}
	m.registry.MustRegister(m.requests, m.took, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// leaves counts what the flow trace left out.
func (m *metrics) leaves(trace *flowtrace.Recorder) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "sallyport_flow_steps_dropped_total", Help: "Steps of attempts to connect that the flow trace left out, as there was too much of them.",
	}, func() float64 { return float64(trace.Dropped()) }))
}

func (m *metrics) observe(route string, status int, took time.Duration) {
	o := outcome{route, status}
	found, ok := m.found.Load(o)
	if !ok {
		found, _ = m.found.LoadOrStore(o, &series{m.requests.WithLabelValues(route, strconv.Itoa(status)), m.took.WithLabelValues(route)})
	}
	s := found.(*series)
	s.requests.Inc()
	s.took.Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// onMain is /metrics on the main listener: for this computer only, and only
// where no listener of its own is set. What a proxy passes on is not from here,
// also where only the Host tells; nor is a page whose name was made to point here.
func (m *metrics) onMain(c *config.Config) http.Handler {
	serve := m.handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
		host := (&url.URL{Host: r.Host}).Hostname()
		if c.MetricsListen != "" || err != nil || !peer.Addr().Unmap().IsLoopback() || forwarded || !oauth.IsLoopbackHost(host) {
			http.NotFound(w, r)
			return
		}
		serve.ServeHTTP(w, r)
	})
}
