package gh

import (
	"bytes"
	"container/list"
	"io"
	"net/http"
	"sync"
)

// Bounds of the cache of answers: small and often repeated ones are what pays.
const (
	maxCachedAnswer = 1 << 20
	maxCachedTotal  = 32 << 20
)

// conditional repeats a GET with the ETag of the last answer; GitHub's 304 costs nothing of the rate limit.
// https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
type conditional struct {
	base   http.RoundTripper
	cache  *etagCache
	holder string // whose answers: never another installation's, nor another set of repositories'
}

// RoundTrip implements http.RoundTripper. GitHub is asked every time, so access that was withdrawn is noticed.
func (c *conditional) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet {
		return c.base.RoundTrip(req)
	}
	key := c.holder + " " + req.Header.Get("Accept") + " " + req.URL.String()
	known, ok := c.cache.get(key)
	if ok {
		req = req.Clone(req.Context())
		req.Header.Set("If-None-Match", known.header.Get("ETag"))
	}
	resp, err := c.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if ok && resp.StatusCode == http.StatusNotModified {
		resp.Body.Close()
		return known.answer(resp), nil
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("ETag") == "" {
		return resp, nil
	}
	return resp, c.keep(key, resp)
}

// keep stores an answer of moderate size and leaves it readable.
func (c *conditional) keep(key string, resp *http.Response) error {
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxCachedAnswer+1))
	if err != nil {
		resp.Body.Close()
		return err
	}
	if len(head) > maxCachedAnswer {
		resp.Body = &rejoined{Reader: io.MultiReader(bytes.NewReader(head), resp.Body), Closer: resp.Body}
		return nil
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(head))
	c.cache.put(key, &cachedAnswer{header: resp.Header.Clone(), body: head})
	return nil
}

type rejoined struct {
	io.Reader
	io.Closer
}

type cachedAnswer struct {
	header http.Header
	body   []byte
}

// answer is the kept answer as if GitHub had sent it again. go-github takes no rate limit from an answer that is
// marked as cached, so the fresh numbers of the 304 are put in its place.
func (a *cachedAnswer) answer(fresh *http.Response) *http.Response {
	resp := *fresh
	resp.StatusCode, resp.Status = http.StatusOK, "200 OK"
	resp.Header = a.header.Clone()
	for name, values := range fresh.Header {
		resp.Header[name] = values
	}
	for _, name := range []string{"Content-Type", "Link"} {
		if values, ok := a.header[name]; ok {
			resp.Header[name] = values
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(a.body))
	resp.ContentLength = int64(len(a.body))
	return &resp
}

// etagCache keeps answers, the longest unused of which go first.
type etagCache struct {
	mu    sync.Mutex
	size  int
	order *list.List // of *etagEntry, most recently used first
	byKey map[string]*list.Element
}

type etagEntry struct {
	key    string
	answer *cachedAnswer
}

func newETagCache() *etagCache {
	return &etagCache{order: list.New(), byKey: map[string]*list.Element{}}
}

func (c *etagCache) get(key string) (*cachedAnswer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(element)
	return element.Value.(*etagEntry).answer, true
}

func (c *etagCache) put(key string, answer *cachedAnswer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.byKey[key]; ok {
		c.remove(old)
	}
	c.byKey[key] = c.order.PushFront(&etagEntry{key: key, answer: answer})
	c.size += len(answer.body)
	for c.size > maxCachedTotal {
		c.remove(c.order.Back())
	}
}

func (c *etagCache) remove(element *list.Element) {
	entry := element.Value.(*etagEntry)
	c.order.Remove(element)
	delete(c.byKey, entry.key)
	c.size -= len(entry.answer.body)
}
