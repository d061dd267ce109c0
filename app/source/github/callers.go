package github

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/kms-review/kms-review/analyzer/terraform"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/store"
)

// maxCallers bounds the directories that are read because they call what the change touches.
const maxCallers = 50

// read gathers what the change reaches. Callers are known by the map before anything is read, so their directories
// come with the first document. Where there is no map, a small repository gets one here.
func (ws *workspace) read(ctx context.Context) error {
	calls, mapped, err := ws.wantCallers(ctx)
	if err == nil {
		err = ws.gather(ctx)
	}
	if err != nil || !ws.callable() {
		return err
	}
	if !mapped {
		if err := ws.r.mapCalls(ctx, smallRepository); err != nil { // a review without callers is better than none
			ws.r.source.log.WarnContext(ctx, "calls not mapped", slog.Any("error", err), slog.String("repo", ws.r.ref.Repo.FullName()))
		}
		if calls, mapped, err = ws.wantCallers(ctx); err == nil {
			err = ws.gather(ctx)
		}
	}
	switch {
	case !mapped || calls.Unread > 0:
		ws.unmapped = true
		ws.remark("Who calls the changed modules is not known completely yet: the repository is being searched for it.")
	case calls.Cut:
		ws.remark("Who calls the changed modules is not known completely: GitHub lists 100,000 files of a repository, and this one has more.")
	}
	return err
}

// wantCallers wants the directories that, on the default branch, call a directory which the change touches, directly
// or through others, the nearest first. What they really call is seen in their contents at the merge base.
func (ws *workspace) wantCallers(ctx context.Context) (calls store.CallMap, mapped bool, err error) {
	cache, repo := ws.r.source.store, ws.r.ref.Repo.ID
	if calls, mapped, err = cache.CallMap(ctx, repo); err != nil || !mapped {
		return calls, false, err
	}
	seen := map[string]bool{}
	for level := ws.touched; len(level) > 0; {
		callers, err := cache.Callers(ctx, repo, level)
		if err != nil {
			return calls, true, err
		}
		level = nil
		for _, dir := range callers {
			if seen[dir] || slices.Contains(ws.touched, dir) {
				continue
			}
			if len(seen) == maxCallers {
				ws.remark(fmt.Sprintf("More than %d directories call what this change touches; it was judged as the nearest of them use it.", maxCallers))
				return calls, true, nil
			}
			seen[dir] = true
			level = append(level, dir)
			if d := ws.want(dir, true); d != nil {
				d.above = false
			}
		}
	}
	return calls, true, nil
}

// callable tells whether another directory may call one that the change touches, by what is there at head.
func (ws *workspace) callable() bool {
	return slices.ContainsFunc(ws.touched, func(dir string) bool {
		contents := map[string][]byte{}
		for _, f := range ws.head(ws.dirs[dir]) {
			if content, have := ws.blobs[f.sha]; have {
				contents[f.path] = content
			}
		}
		return terraform.Callable(change.NewTree(contents), dir)
	})
}

func (ws *workspace) remark(text string) {
	if !slices.Contains(ws.remarks, text) {
		ws.remarks = append(ws.remarks, text)
	}
}
