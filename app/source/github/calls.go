package github

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/go-github/v66/github"

	"github.com/kms-review/kms-review/analyzer/terraform"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/store"
)

const (
	// smallRepository is how many files a review reads for a map by itself: three documents.
	smallRepository = 300
	// mapFiles bounds one refresh to 200 documents, a few minutes. What is left is read by the next.
	mapFiles = 20_000
	// mapStep is how many of them are saved together: with more, a webhook waits too long for SQLite's one writer.
	mapStep = 2000
	// mapRaw bounds the files that GraphQL does not give whole, each of which costs a request.
	mapRaw = 50
	// mapAttempts bounds how often a map is made anew because another process was faster.
	mapAttempts = 3
	// saveTimeout is for what was read when the time for reading is over.
	saveTimeout = 10 * time.Second

	maxStoredName = 1000 // bytes; PostgreSQL's index takes no row above 2704
	maxCallees    = 1000 // of one file
)

// MapCalls makes or completes the map of who calls whom on a repository's default branch: one request for the tree,
// one for each 100 configuration files whose blobs are neither in the map nor cached. An interrupted one keeps what it
// has read.
func (s *Source) MapCalls(ctx context.Context, client *gh.Client, repo change.Repo) error {
	r := &reading{source: s, client: client, ref: Ref{Repo: repo}}
	if err := r.mapCalls(ctx, mapFiles); err != nil {
		return fmt.Errorf("map the calls of %s: %w", repo.FullName(), err)
	}
	return nil
}

// Pushed brings the map up to date after a push to the default branch. Repositories in which no review has needed a
// map have none, and cost nothing.
func (s *Source) Pushed(ctx context.Context, client *gh.Client, repo change.Repo) error {
	_, found, err := s.store.CallMap(ctx, repo.ID)
	if err != nil || !found {
		return err
	}
	return s.MapCalls(ctx, client, repo)
}

// mapCalls reads at most the given number of files; see chosen.
func (r *reading) mapCalls(ctx context.Context, atMost int) error {
	for range mapAttempts {
		saved, err := r.mapOnce(ctx, atMost)
		if err != nil || saved {
			return err
		}
	}
	return errors.New("other processes change it all the time")
}

func (r *reading) mapOnce(ctx context.Context, atMost int) (saved bool, err error) {
	cache, repo := r.source.store, r.ref.Repo.ID
	before, _, err := cache.CallMap(ctx, repo)
	if err != nil {
		return false, err
	}
	// HEAD is the default branch, as in git: what a delivery names may be older than another delivery's.
	tree, err := r.listTree(ctx, "HEAD")
	if err != nil {
		return false, err
	}
	now := store.CallMap{Commit: tree.GetSHA(), Cut: tree.GetTruncated()}
	if before == now {
		return true, nil
	}
	known, err := cache.CallingFiles(ctx, repo)
	if err != nil {
		return false, err
	}
	m := newMapping(r)
	gone := m.compare(tree, known)
	for shas := m.chosen(atMost); ; {
		n := min(len(shas), mapStep)
		readErr := m.contents.read(ctx, shas[:n])
		now.Unread = len(m.places)
		saved, err := r.saveCalls(ctx, before, now, m.files, gone)
		shas = shas[n:]
		if readErr != nil || err != nil || !saved || len(shas) == 0 {
			return saved, errors.Join(readErr, err)
		}
		before, gone, m.files = now, nil, nil
	}
}

// saveCalls keeps what was read even if the time for reading is over.
func (r *reading) saveCalls(ctx context.Context, before, now store.CallMap, read []store.CallingFile, gone []string) (saved bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	saved, err = r.source.store.SaveCalls(ctx, r.ref.Repo.ID, before.Commit, now, read, gone)
	r.source.log.InfoContext(ctx, "calls mapped", slog.String("repo", r.ref.Repo.FullName()), slog.Int("read", len(read)),
		slog.Int("gone", len(gone)), slog.Int("unread", now.Unread), slog.Bool("cut", now.Cut), slog.Bool("saved", saved))
	return saved, err
}

// mapping is the reading of files for a map.
type mapping struct {
	contents contents
	places   map[string][]string // paths by blob, of what is still to be read
	files    []store.CallingFile
}

// newMapping makes an empty one. What cannot be read calls nobody; what there was no request left for stays to be read.
func newMapping(r *reading) *mapping {
	m := &mapping{places: map[string][]string{}}
	m.contents = contents{r: r, sizes: map[string]int64{}, raw: mapRaw, take: func(sha string, text []byte, _ string) { m.enter(sha, text) }}
	return m
}

// compare finds the files to read, and those in the map that are no more.
func (m *mapping) compare(tree *github.Tree, known map[string]string) (gone []string) {
	for _, e := range tree.Entries {
		name := path.Clean(e.GetPath())
		if e.GetType() != "blob" || !terraform.IsConfig(name) || kindOf(name) != config || !storable(name) {
			continue
		}
		if sha, mapped := known[name]; !mapped || sha != e.GetSHA() {
			m.places[e.GetSHA()] = append(m.places[e.GetSHA()], name)
			m.contents.sizes[e.GetSHA()] = int64(e.GetSize())
		}
		delete(known, name)
	}
	if tree.GetTruncated() {
		return nil // what is not listed may be there
	}
	return slices.Sorted(maps.Keys(known))
}

// chosen are the blobs to read now: of a small number, none if there are more.
func (m *mapping) chosen(atMost int) []string {
	shas := slices.Sorted(maps.Keys(m.places))
	switch {
	case len(shas) <= atMost:
		return shas
	case atMost <= smallRepository:
		return nil
	}
	return shas[:atMost]
}

// enter adds the files that have a content.
func (m *mapping) enter(sha string, text []byte) {
	sources := terraform.LocalSources(text)
	for _, name := range m.places[sha] {
		m.files = append(m.files, store.CallingFile{Path: name, SHA: sha, Callees: callees(path.Dir(name), sources)})
	}
	delete(m.places, sha)
}

func callees(dir string, sources []string) []string {
	var found []string
	for _, source := range sources {
		if callee := path.Join(dir, source); inside(callee) && callee != dir && storable(callee) {
			found = append(found, callee)
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return found[:min(len(found), maxCallees)]
}

// storable tells whether both databases take a name: a file may hold any bytes between the quotes.
func storable(name string) bool {
	return len(name) <= maxStoredName && utf8.ValidString(name) && !strings.ContainsRune(name, 0)
}

// raw reads one blob by REST, byte for byte; found is false if GitHub does not show it.
// https://docs.github.com/rest/git/blobs#get-a-blob
func (r *reading) raw(ctx context.Context, sha string) (content []byte, found bool, err error) {
	blob, _, err := r.client.REST.Git.GetBlob(ctx, r.ref.Repo.Owner, r.ref.Repo.Name, sha)
	if gh.NotFound(err) {
		return nil, false, nil
	}
	if err == nil {
		content, err = base64.StdEncoding.DecodeString(blob.GetContent()) // it has line ends in it, which count for nothing
	}
	if err == nil && (blob.GetEncoding() != "base64" || blobSHA(content) != sha) {
		err = errors.New("the contents have another id")
	}
	if err != nil {
		return nil, false, fmt.Errorf("read blob %s: %w", sha, err)
	}
	return content, true, nil
}
