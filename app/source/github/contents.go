package github

import (
	"context"
	"fmt"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// contents reads blobs, from the cache and in batches that GitHub can answer.
type contents struct {
	r     *reading
	sizes map[string]int64 // by blob
	raw   int              // how many may still be read one by one, where GraphQL does not give them whole
	keep  bool             // what is read goes into the cache

	// take is handed each text, or why there is none: a sentence.
	take func(sha string, text []byte, why string)
}

// read reads blobs that are each named once. Those for which there was no request left are not taken.
func (c *contents) read(ctx context.Context, shas []string) error {
	for len(shas) > 0 {
		n, bytes := 0, int64(0)
		for n < len(shas) && n < blobBatch && bytes < blobBatchBytes {
			bytes += max(c.sizes[shas[n]], 1)
			n++
		}
		if err := c.batch(ctx, shas[:n]); err != nil {
			return err
		}
		shas = shas[n:]
	}
	return nil
}

func (c *contents) batch(ctx context.Context, shas []string) error {
	texts, err := c.r.source.store.Blobs(ctx, c.r.ref.Repo.ID, shas)
	if err != nil {
		return err
	}
	var q question
	for _, sha := range shas {
		text, cached := texts[sha]
		switch {
		case cached:
			c.take(sha, text, "")
		case c.sizes[sha] > terraform.MaxFileBytes:
			c.take(sha, nil, tooLarge(c.sizes[sha]))
		default:
			q.blobs = append(q.blobs, sha)
		}
	}
	if q.empty() {
		return nil
	}
	answered, err := c.r.ask(ctx, q)
	if err != nil {
		return err
	}
	fresh := map[string][]byte{}
	for _, sha := range q.blobs {
		text, why, err := c.text(ctx, sha, answered.blobs[sha])
		if err != nil {
			return err
		}
		if text == nil && why == "" {
			continue
		}
		if why == "" {
			fresh[sha] = text
		}
		c.take(sha, text, why)
	}
	if !c.keep {
		return nil
	}
	return c.r.source.store.PutBlobs(ctx, c.r.ref.Repo.ID, fresh)
}

// text is a blob that came by GraphQL, or is read by REST where it did not come whole.
func (c *contents) text(ctx context.Context, sha string, o *object) (text []byte, why string, err error) {
	const hidden = "GitHub does not show its contents."
	if o == nil || o.Typename != "Blob" {
		return nil, hidden, nil
	}
	if o.Blob.Text != nil && blobSHA([]byte(*o.Blob.Text)) == sha {
		return []byte(*o.Blob.Text), "", nil
	}
	if c.raw == 0 {
		return nil, "", nil
	}
	c.raw--
	text, found, err := c.r.raw(ctx, sha)
	if err == nil && !found {
		return nil, hidden, nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("read contents one by one: %w", err)
	}
	return append([]byte{}, text...), "", nil
}
