// Package webhook owns the reception of GitHub's deliveries: it verifies the signature, decodes the event,
// drops what is of no interest, and answers only after the queue has stored the rest. It does no other work in
// the request, because GitHub waits ten seconds and then counts the delivery as failed.
// https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks
//
// The answer's body is one line of plain text that says the same to a person who reads the delivery log:
//
//	202  the event is stored and will be worked on (or a delivery of the same GUID already is)
//	200  ping; or the event is of no interest ("ignored: ..." with the reason)
//	400  X-GitHub-Event or X-GitHub-Delivery is missing, or the body is not complete, valid JSON of the event
//	401  X-Hub-Signature-256 is missing or belongs to none of the secrets; SHA-1 signatures are not looked at
//	405  the method is not POST (with an Allow header)
//	413  the body is larger than 25 MB, which GitHub does not send
//	415  the content type is not application/json: set it so in the App's webhook settings
//	503  the event could not be stored, or too many large bodies come at once: GitHub records a failed delivery, which can be redelivered
//
// Checks come in this order: method, content type, size, signature, headers, body. Nothing of a body is looked
// at before its signature is known to be right.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// maxBody is the size above which GitHub sends no webhook.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
const maxBody = 25 << 20

// A body must be in memory before its signature can be checked, so anybody could fill the memory with large ones.
// Few deliveries are larger than largeBody: those are read largeAtOnce at a time, the others wait for a while.
const (
	largeBody   = 1 << 20
	largeAtOnce = 8
	largeWait   = 5 * time.Second
)

// Enqueue stores an event for work. When it returns nil, the event is committed.
type Enqueue func(ctx context.Context, event Event) error

type handler struct {
	secrets  [][]byte
	appID    int64
	enqueue  Enqueue
	log      *slog.Logger
	large    chan struct{} // holds one for each large body that is being read
	requests *prometheus.CounterVec
	duration prometheus.Histogram
}

// New returns the handler of POST /webhook. Any of the secrets may sign, so that a secret can be changed without
// a gap; there must be at least one and none may be empty, or anybody could sign. appID is this App's; with 0,
// re-runs of other Apps' checks are not told apart. registry may be nil.
func New(secrets [][]byte, appID int64, enqueue Enqueue, log *slog.Logger, registry prometheus.Registerer) (http.Handler, error) {
	if len(secrets) == 0 {
		return nil, errors.New("the webhook needs a secret")
	}
	for _, secret := range secrets {
		if len(secret) == 0 {
			return nil, errors.New("a webhook secret is empty")
		}
	}
	h := &handler{
		secrets: secrets, appID: appID, enqueue: enqueue, log: log, large: make(chan struct{}, largeAtOnce),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "kms_review_webhook_requests_total",
			Help: "Webhook requests by event and status.",
		}, []string{"event", "status"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "kms_review_webhook_duration_seconds",
			Help:    "How long GitHub waited for an answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 5, 10},
		}),
	}
	if registry != nil {
		if err := errors.Join(registry.Register(h.requests), registry.Register(h.duration)); err != nil {
			return nil, fmt.Errorf("register the webhook's metrics: %w", err)
		}
	}
	return h, nil
}

// answer is a status and the line that goes with it.
type answer struct {
	status int
	text   string
	err    error // for the log
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	event := "unverified" // a label that strangers could choose would let them fill the memory
	a := h.receive(w, r, &event)
	h.duration.Observe(time.Since(start).Seconds())
	h.requests.WithLabelValues(event, strconv.Itoa(a.status)).Inc()
	h.record(r, event, a)
	if a.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.text+"\n") // whoever asked has gone; there is nobody left to tell
}

func (h *handler) record(r *http.Request, event string, a answer) {
	level := slog.LevelDebug
	switch {
	case a.status >= 500:
		level = slog.LevelError
	case a.status >= 400:
		level = slog.LevelWarn
	}
	delivery := r.Header.Get("X-GitHub-Delivery")
	if !validGUID(delivery) {
		delivery = ""
	}
	h.log.Log(r.Context(), level, "webhook", slog.String("event", event), slog.String("delivery", delivery),
		slog.Int("status", a.status), slog.String("answer", a.text), slog.Any("error", a.err))
}

func (h *handler) receive(w http.ResponseWriter, r *http.Request, label *string) answer {
	if r.Method != http.MethodPost {
		return answer{status: http.StatusMethodNotAllowed, text: "webhooks are delivered by POST"}
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return answer{status: http.StatusUnsupportedMediaType,
			text: "only application/json is accepted: set the content type in the webhook's settings"}
	}
	if r.ContentLength < 0 || r.ContentLength > largeBody {
		if !h.takeTurn(r.Context()) {
			return answer{status: http.StatusServiceUnavailable, text: "too many large bodies at once: redeliver it later"}
		}
		defer func() { <-h.large }()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return answer{status: http.StatusRequestEntityTooLarge, text: "the body is larger than 25 MB"}
	} else if err != nil {
		return answer{status: http.StatusBadRequest, text: "the body did not arrive whole", err: err}
	}
	if !verify(h.secrets, r.Header.Get("X-Hub-Signature-256"), body) {
		return answer{status: http.StatusUnauthorized,
			text: "X-Hub-Signature-256 is missing or wrong: is the webhook secret here the one in the App's settings?"}
	}
	name, delivery := r.Header.Get("X-GitHub-Event"), r.Header.Get("X-GitHub-Delivery")
	if name == "" || !validGUID(delivery) {
		return answer{status: http.StatusBadRequest, text: "X-GitHub-Event or X-GitHub-Delivery is missing or malformed"}
	}
	*label = "other"
	if decoderOf(name) != nil {
		*label = name
	}
	return h.accept(r.Context(), name, delivery, body)
}

// takeTurn waits until a large body may be read.
func (h *handler) takeTurn(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, largeWait)
	defer cancel()
	select {
	case h.large <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// accept decodes a verified body and stores what it asks for.
func (h *handler) accept(ctx context.Context, name, delivery string, body []byte) answer {
	event, ignored, err := Decode(name, body, h.appID)
	switch {
	case err != nil:
		return answer{status: http.StatusBadRequest, text: "the body is not a complete, valid event of its kind", err: err}
	case ignored != "":
		return answer{status: http.StatusOK, text: ignored}
	}
	event.Delivery = delivery
	if err := h.enqueue(ctx, event); err != nil {
		return answer{status: http.StatusServiceUnavailable, text: "the event could not be stored: redeliver it later", err: err}
	}
	return answer{status: http.StatusAccepted, text: "accepted"}
}

// validGUID accepts what GitHub sends (a UUID) and whatever else is short and harmless as a key. The header is
// not signed.
func validGUID(guid string) bool {
	for _, c := range []byte(guid) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return 1 <= len(guid) && len(guid) <= 64
}
