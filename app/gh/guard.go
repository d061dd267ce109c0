package gh

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

const (
	userAgent = "kms-review"
	// apiVersion is named in each request, so that a new default at GitHub changes nothing here.
	// https://docs.github.com/rest/about-the-rest-api/api-versions
	apiVersion = "2022-11-28"
	// maxAnswer bounds what is read of one answer: a hundred blobs of GraphQL's greatest size, 512,000 bytes.
	maxAnswer = 64 << 20
	maxError  = 64 << 10
)

// guard is the last station before the network, for token requests, REST and GraphQL alike.
type guard struct {
	base    http.RoundTripper
	limits  *limits
	metrics *metrics
	holder  string // the installation's id, or "app"

	background bool // it can wait: a part of the budget is left to the others
}

// RoundTrip implements http.RoundTripper. A reached rate limit is an error of type *Limited, and is remembered:
// GitHub may ban an App that goes on asking.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	resource := resourceOf(req.URL.Path)
	if err := g.limits.check(resource, g.background || canWait(req.Context())); err != nil {
		closeBody(req)
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Header.Set("X-GitHub-Api-Version", apiVersion)
	req.Header.Set("User-Agent", userAgent)
	resp, err := g.base.RoundTrip(req)
	g.metrics.observe(g.holder, req, resp)
	if err != nil {
		return nil, redactError(err)
	}
	g.limits.note(resource, resp.Header)
	if resp.StatusCode < http.StatusBadRequest {
		resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswer}
		return resp, nil
	}
	bufferError(resp)
	if until, limited := limitOf(resp, errorMessage(resp)); limited {
		return nil, g.limits.block(resource, until, resp)
	}
	return resp, nil
}

// bufferError reads an error's answer whole, so that the connection is free whoever forgets to close it, and
// takes credentials out of what will end in a message.
func bufferError(resp *http.Response) {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxError)) // a broken error text is still an error with its status
	resp.Body.Close()
	body = credential.ReplaceAll(body, []byte("[redacted]"))
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
}

// errorMessage is GitHub's message in a buffered error answer, which stays readable.
func errorMessage(resp *http.Response) string {
	body, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return http.StatusText(resp.StatusCode) // a proxy's HTML says nothing that helps
	}
	return answer.Message
}

// boundedBody fails, rather than ends, at its bound: a cut answer must not look whole.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, &tooLarge{limit: maxAnswer}
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	return n, redactError(err)
}
