package fleet

import (
	"context"
	"sync"
)

// DefaultParallel is how many hosts are worked on at once. Each host is its own SSH connection, so sshd's
// MaxStartups (10:30:100 by default) of one host is never touched.
const DefaultParallel = 32

// Each calls do for every item, at most parallel at once, and returns one error slot per item in the order of
// items. One item's failure neither hides nor stops another; when ctx ends, items not yet begun get its error.
func Each[T any](ctx context.Context, parallel int, items []T, do func(context.Context, T) error) []error {
	if parallel <= 0 {
		parallel = DefaultParallel
	}
	errs := make([]error, len(items))
	slots := make(chan struct{}, parallel)
	var wg sync.WaitGroup
	for i, item := range items {
		wg.Go(func() {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
				if errs[i] = ctx.Err(); errs[i] == nil {
					errs[i] = do(ctx, item)
				}
			case <-ctx.Done():
				errs[i] = ctx.Err()
			}
		})
	}
	wg.Wait()
	return errs
}
