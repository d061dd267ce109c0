// Package app owns the wiring of the App: configuration in, a running service out. It reads like a table of
// contents; everything it names lives in the packages below.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kms-review/kms-review/app/config"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/webhook"
)

// What a stopping process waits for: requests to be answered, and with those together, reviews to end. Kubernetes
// kills after 30 s, and a killed process leaves jobs that nobody else may touch for minutes.
const (
	drainTime = 8 * time.Second
	graceTime = 20 * time.Second
)

// Options are what is not read from the environment.
type Options struct {
	Version string
	Log     *slog.Logger
	Grace   time.Duration // for running reviews when the process stops, then they go back to the queue; 0: 20 s

	SummarySettle time.Duration // from a change to the summary issue; 0: 15 s
	SummaryEvery  time.Duration // at most once in; 0: 5 minutes
}

// App is a configured service whose ports are bound and whose database is open. Run must be called, or Close.
type App struct {
	log     *slog.Logger
	grace   time.Duration
	store   *store.Store
	queue   *queue.Queue
	public  listener
	metrics listener
}

// listener is a bound port and what answers there.
type listener struct {
	net.Listener
	server *http.Server
}

// New opens the database, brings it up to date and binds the ports. Nothing is sent to GitHub.
func New(ctx context.Context, cfg config.Config, options Options) (*App, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	st, err := store.Open(ctx, cfg.DatabaseURL.Reveal(), options.Log)
	if err != nil {
		return nil, err
	}
	a := &App{log: options.Log, grace: cmp.Or(options.Grace, graceTime), store: st}
	if err := a.wire(ctx, cfg, options, registry); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) wire(ctx context.Context, cfg config.Config, options Options, registry *prometheus.Registry) error {
	identity, err := gh.New(gh.Config{
		AppID: cfg.AppID, PrivateKey: []byte(cfg.PrivateKey.Reveal()), APIURL: cfg.APIURL, Log: a.log, Registry: registry,
	})
	if err != nil {
		return err
	}
	a.queue, err = queue.New(ctx, queue.Config{
		Store: a.store, Handler: newHandler(identity, a.store, options),
		Classify: classify, Log: a.log, Registry: registry,
	})
	if err != nil {
		return err
	}
	handler, err := webhook.New(secrets(cfg), cfg.AppID, a.queue.Enqueue, a.log, registry)
	if err != nil {
		return err
	}
	if a.public, err = listen(ctx, cfg.ListenAddr, publicRoutes(handler, &readiness{store: a.store, app: identity})); err != nil {
		return err
	}
	metrics := http.NewServeMux()
	metrics.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	a.metrics, err = listen(ctx, cfg.MetricsAddr, metrics)
	return err
}

func publicRoutes(hook http.Handler, ready *readiness) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/webhook", hook) // every method: the handler says which it takes
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.Handle("GET /readyz", ready)
	return mux
}

func listen(ctx context.Context, address string, handler http.Handler) (listener, error) {
	var bind net.ListenConfig
	l, err := bind.Listen(ctx, "tcp", address)
	if err != nil {
		return listener{}, fmt.Errorf("listen on %s: %w", address, err)
	}
	return listener{Listener: l, server: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second, // 25 MB at 1 MB/s; GitHub itself gives up after 10 s
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}}, nil
}

// Addr is the address that the webhook listens on.
func (a *App) Addr() net.Addr { return a.public.Addr() }

// MetricsAddr is the address that the metrics listen on.
func (a *App) MetricsAddr() net.Addr { return a.metrics.Addr() }

// Run serves until ctx ends, then stops in order: no more deliveries are taken, running reviews finish or go back
// to the queue, the database is closed. It returns nil after an orderly stop.
func (a *App) Run(ctx context.Context) error {
	if err := a.queue.Start(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	failed := make(chan error, 2)
	for _, l := range []listener{a.public, a.metrics} {
		go func() { failed <- l.server.Serve(l) }()
	}
	a.log.Info("listening", "address", a.Addr().String(), "metrics", a.MetricsAddr().String())
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	return errors.Join(err, a.shutdown(context.WithoutCancel(ctx)))
}

func (a *App) shutdown(ctx context.Context) error {
	a.log.Info("stopping")
	grace, cancel := context.WithTimeout(ctx, a.grace)
	defer cancel()
	drain, cancelDrain := context.WithTimeout(grace, drainTime)
	defer cancelDrain()
	return errors.Join(a.public.server.Shutdown(drain), a.queue.Stop(grace), a.metrics.server.Close(), a.store.Close())
}

// Close releases what New took, if Run was never called.
func (a *App) Close() error {
	var errs []error
	for _, l := range []listener{a.public, a.metrics} {
		if l.Listener != nil {
			errs = append(errs, l.Close())
		}
	}
	if a.queue != nil {
		errs = append(errs, a.queue.Stop(context.Background()))
	}
	return errors.Join(append(errs, a.store.Close())...)
}

// classify tells the queue what an error of a review means.
func classify(err error) (snooze time.Duration, done bool) {
	switch fate, until := gh.Classify(err); fate {
	case gh.Done:
		return 0, true
	case gh.RetryAt:
		return max(time.Second, time.Until(until)), false
	default:
		return 0, false
	}
}

func secrets(cfg config.Config) [][]byte {
	var list [][]byte
	for _, secret := range cfg.WebhookSecrets {
		list = append(list, []byte(secret.Reveal()))
	}
	return list
}
