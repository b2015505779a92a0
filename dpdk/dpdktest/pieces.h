/* A receive queue that gives a few frames at a time, for tests only. */
#ifndef MIRRORGW_DPDKTEST_PIECES_H
#define MIRRORGW_DPDKTEST_PIECES_H

#include <stdint.h>

#define DPDKTEST_PIECES_MAX 512 /* frames that may wait */

struct dpdktest_pieces;

/*
 * From now on each poll of the queue gives at most so many frames, in the order of arrival; the
 * others wait. Nobody polls while it is made or ended. Ends with what waits freed; without an end
 * it is of the next port with that number, too. NULL: it could not be made.
 */
struct dpdktest_pieces *dpdktest_in_pieces(uint16_t port, uint16_t queue, uint16_t most);
void dpdktest_pieces_end(struct dpdktest_pieces *pieces);

#endif
