package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-review/kms-review/app/store"
)

func saveCalls(t *testing.T, s *store.Store, repoID int64, before string, m store.CallMap, read []store.CallingFile, gone ...string) error {
	t.Helper()
	saved, err := s.SaveCalls(t.Context(), repoID, before, m, read, gone)
	if err == nil && !saved {
		err = fmt.Errorf("the map of %s was not saved over that of %q", m.Commit, before)
	}
	return err
}

func testCalls(t *testing.T, url string) {
	s := open(t, url)
	if _, found, err := s.CallMap(t.Context(), 42); found || err != nil {
		t.Errorf("a repository without a map has one (%v)", err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(commit string, unread int, files map[string]string, callers ...string) {
		t.Helper()
		m, found, err := s.CallMap(t.Context(), 42)
		if d := cmp.Diff(store.CallMap{Commit: commit, Unread: unread}, m); d != "" || !found || err != nil || m.Whole() != (unread == 0) {
			t.Errorf("the map (%v, -want +got):\n%s", err, d)
		}
		got, err := s.CallingFiles(t.Context(), 42)
		if d := cmp.Diff(files, got); d != "" || err != nil {
			t.Errorf("files (%v, -want +got):\n%s", err, d)
		}
		dirs, err := s.Callers(t.Context(), 42, []string{"modules/kms", "modules/other"})
		if d := cmp.Diff(callers, dirs); d != "" || err != nil {
			t.Errorf("callers (%v, -want +got):\n%s", err, d)
		}
	}
	first := []store.CallingFile{
		{Path: "main.tf", SHA: "1", Callees: []string{"modules/kms"}},
		{Path: "env/prod/main.tf", SHA: "2", Callees: []string{"modules/kms", "modules/other"}},
		{Path: "env/prod/more.tf", SHA: "3", Callees: []string{"modules/kms"}},
		{Path: "modules/kms/main.tf", SHA: "4"},
	}
	must(saveCalls(t, s, 41, "", store.CallMap{Commit: "c0"}, []store.CallingFile{{Path: "x/main.tf", SHA: "9", Callees: []string{"modules/kms"}}}))
	must(saveCalls(t, s, 42, "", store.CallMap{Commit: "c1", Unread: 2}, first))
	want("c1", 2, map[string]string{"main.tf": "1", "env/prod/main.tf": "2", "env/prod/more.tf": "3", "modules/kms/main.tf": "4"}, ".", "env/prod")

	must(saveCalls(t, s, 42, "c1", store.CallMap{Commit: "c2"}, []store.CallingFile{{Path: "main.tf", SHA: "5"}}, "env/prod/more.tf", "modules/kms/main.tf"))
	want("c2", 0, map[string]string{"main.tf": "5", "env/prod/main.tf": "2"}, "env/prod")

	saved, err := s.SaveCalls(t.Context(), 42, "c1", store.CallMap{Commit: "c1b"}, first, nil)
	if saved || err != nil {
		t.Errorf("an older view of the repository was saved: %v (%v)", saved, err)
	}
	want("c2", 0, map[string]string{"main.tf": "5", "env/prod/main.tf": "2"}, "env/prod")
	testManyCalls(t, s)
}

// testManyCalls saves more rows than a statement takes, from several processes at once: one of them wins.
func testManyCalls(t *testing.T, s *store.Store) {
	var files []store.CallingFile
	for i := range 1000 {
		files = append(files, store.CallingFile{Path: fmt.Sprintf("d%d/main.tf", i), SHA: "1", Callees: []string{"m", "n"}})
	}
	var wait sync.WaitGroup
	won := make([]bool, 4)
	for i := range won {
		wait.Go(func() {
			var err error
			if won[i], err = s.SaveCalls(t.Context(), 43, "", store.CallMap{Commit: fmt.Sprint(i)}, files, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	m, _, err := s.CallMap(t.Context(), 43)
	winner := slices.Index(won, true)
	if winner < 0 || slices.Contains(won[winner+1:], true) || m.Commit != fmt.Sprint(winner) || err != nil {
		t.Errorf("saved: %v, the map is of %q (%v)", won, m.Commit, err)
	}
	if dirs, err := s.Callers(t.Context(), 43, []string{"n"}); len(dirs) != 1000 || err != nil {
		t.Errorf("%d callers, want 1000 (%v)", len(dirs), err)
	}
}
