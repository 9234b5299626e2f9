#include "base/hash.h"

#include "support/cm.h"

/* What the reference library, xxHash 0.8.1, gives for the first len of the bytes
 * (7 * i + 3) mod 251. */
static const struct {
    size_t len;
    uint64_t seed, hash;
} vectors[] = {
    {0, UINT64_C(0x0), UINT64_C(0xef46db3751d8e999)},
    {1, UINT64_C(0x0), UINT64_C(0x1f25c8d0bc1f4bb6)},
    {3, UINT64_C(0x0), UINT64_C(0x31d2363f52e564c9)},
    {4, UINT64_C(0x0), UINT64_C(0x9bb64b7d66ee9fda)},
    {7, UINT64_C(0x0), UINT64_C(0x9a7b149959ce60d8)},
    {8, UINT64_C(0x0), UINT64_C(0xdab99d95c6f90092)},
    {11, UINT64_C(0x0), UINT64_C(0x7a52cc9457cf1a1f)},
    {12, UINT64_C(0x0), UINT64_C(0xd52e407833af5133)},
    {31, UINT64_C(0x0), UINT64_C(0xa2aa5f33cc4a6119)},
    {32, UINT64_C(0x0), UINT64_C(0x23c3c17ef790fd97)},
    {33, UINT64_C(0x0), UINT64_C(0x50a7cfc7ba588784)},
    {63, UINT64_C(0x0), UINT64_C(0xf1438f15b9ed16e9)},
    {64, UINT64_C(0x0), UINT64_C(0x2cd990a1beed6894)},
    {65, UINT64_C(0x0), UINT64_C(0xc763da59981e980e)},
    {100, UINT64_C(0x0), UINT64_C(0x778e26df8290f456)},
    {128, UINT64_C(0x0), UINT64_C(0xa0a0ae06f88ab606)},
    {199, UINT64_C(0x0), UINT64_C(0x7085fbf0d10e705a)},
    {0, UINT64_C(0x9e3779b185ebca87), UINT64_C(0x6ec6d05f61c7e7a7)},
    {1, UINT64_C(0x9e3779b185ebca87), UINT64_C(0xc9605b95df42dc9b)},
    {3, UINT64_C(0x9e3779b185ebca87), UINT64_C(0x01e45ca3ec3eb0cc)},
    {4, UINT64_C(0x9e3779b185ebca87), UINT64_C(0x37da6d964719cae7)},
    {7, UINT64_C(0x9e3779b185ebca87), UINT64_C(0xcab876a70dc46b71)},
    {8, UINT64_C(0x9e3779b185ebca87), UINT64_C(0x9468866ad01ed76f)},
    {11, UINT64_C(0x9e3779b185ebca87), UINT64_C(0x32b3a55b01316dcc)},
    {12, UINT64_C(0x9e3779b185ebca87), UINT64_C(0xee9735b901676a51)},
    {31, UINT64_C(0x9e3779b185ebca87), UINT64_C(0xe8cbf0e00f190c6e)},
    {32, UINT64_C(0x9e3779b185ebca87), UINT64_C(0x7ce1c68e13aae778)},
    {33, UINT64_C(0x9e3779b185ebca87), UINT64_C(0x89d57d87d9f50a9d)},
    {63, UINT64_C(0x9e3779b185ebca87), UINT64_C(0x4a240234ce110d85)},
    {64, UINT64_C(0x9e3779b185ebca87), UINT64_C(0xb1a41d3a07b72756)},
    {65, UINT64_C(0x9e3779b185ebca87), UINT64_C(0xd5bb92908a0a50b0)},
    {100, UINT64_C(0x9e3779b185ebca87), UINT64_C(0x4779d1b9d67bf8f6)},
    {128, UINT64_C(0x9e3779b185ebca87), UINT64_C(0xde4ab42e28935c91)},
    {199, UINT64_C(0x9e3779b185ebca87), UINT64_C(0x63857bab9e7f51b5)},
};

static void hashes_are_those_of_the_reference(void **state)
{
    (void)state;
    uint8_t bytes[200];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((i * 7 + 3) % 251);
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        assert_true(sn_hash64(bytes, vectors[i].len, vectors[i].seed) == vectors[i].hash);
}

static void hashes_of_published_texts_are_the_published_ones(void **state)
{
    (void)state;
    assert_true(sn_hash64(NULL, 0, 0) == UINT64_C(0xef46db3751d8e999));
    assert_true(sn_hash64("a", 1, 0) == UINT64_C(0xd24ec4f1a98c6e5b));
    assert_true(sn_hash64("abc", 3, 0) == UINT64_C(0x44bc2cf5ad770999));
}

/* What tests/vectors/decode.py gives for beginnings of the same bytes. */
static const struct {
    size_t len;
    uint64_t seed, sum;
} sums[] = {
    {0, UINT64_C(0x0), UINT64_C(0x8a908fa5fc4f5df4)},
    {1, UINT64_C(0x0), UINT64_C(0xe1b7b64e20e4dd2d)},
    {8, UINT64_C(0x0), UINT64_C(0x146c604b8ecccdf7)},
    {15, UINT64_C(0x0), UINT64_C(0x514bd0582d301c5e)},
    {16, UINT64_C(0x0), UINT64_C(0xe5723a9c1a0a0f8c)},
    {63, UINT64_C(0x0), UINT64_C(0xf57136f77d53ab4f)},
    {64, UINT64_C(0x0), UINT64_C(0x48ba193058a072e6)},
    {65, UINT64_C(0x0), UINT64_C(0x4f66ef5fb50f0657)},
    {128, UINT64_C(0x0), UINT64_C(0x45623e3af0907109)},
    {199, UINT64_C(0x0), UINT64_C(0x17b64097e287610a)},
    {0, UINT64_C(0xfffffffffffffffe), UINT64_C(0xfb8bb63df8e4b1be)},
    {1, UINT64_C(0xfffffffffffffffe), UINT64_C(0x4c62d7f818323ca4)},
    {8, UINT64_C(0xfffffffffffffffe), UINT64_C(0xa4765519b1a97c8f)},
    {15, UINT64_C(0xfffffffffffffffe), UINT64_C(0x480b6b7e99cc52f3)},
    {16, UINT64_C(0xfffffffffffffffe), UINT64_C(0x43f89e947a1360c7)},
    {63, UINT64_C(0xfffffffffffffffe), UINT64_C(0xd270cc28a1a34a74)},
    {64, UINT64_C(0xfffffffffffffffe), UINT64_C(0xb1b931bb7c3e3cd6)},
    {65, UINT64_C(0xfffffffffffffffe), UINT64_C(0x9f2efaf484c5e750)},
    {128, UINT64_C(0xfffffffffffffffe), UINT64_C(0x5a4cf8e81945f5f7)},
    {199, UINT64_C(0xfffffffffffffffe), UINT64_C(0xbd1e1c9f84d51500)},
};

static void sums_are_those_of_the_other_decoder(void **state)
{
    (void)state;
    uint8_t bytes[200];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((i * 7 + 3) % 251);
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
        assert_true(sn_sum64(bytes, sums[i].len, sums[i].seed) == sums[i].sum);
}

/* Up to two bits of eight bytes, wherever those are; and one zero more at the end. */
static void sums_notice_flipped_bits_and_another_length(void **state)
{
    (void)state;
    uint8_t bytes[150] = {0};
    uint64_t sum = sn_sum64(bytes, 149, 0);

    assert_true(sn_sum64(bytes, 150, 0) != sum);
    for (unsigned i = 0; i < 149 * 8; i++)
        for (unsigned k = i; k < 149 * 8 && k / 64 == i / 64; k++) {
            bytes[i / 8] ^= (uint8_t)(1 << i % 8);
            if (k > i)
                bytes[k / 8] ^= (uint8_t)(1 << k % 8);
            assert_true(sn_sum64(bytes, 149, 0) != sum);
            bytes[i / 8] = bytes[k / 8] = 0;
        }
}

static void alignment_does_not_matter(void **state)
{
    (void)state;
    uint8_t bytes[80], moved[80];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 11);
    for (unsigned shift = 1; shift < 9; shift++) {
        for (unsigned i = 0; i < 70; i++)
            moved[shift + i] = bytes[i];
        assert_true(sn_hash64(moved + shift, 70, 1) == sn_hash64(bytes, 70, 1));
        assert_true(sn_sum64(moved + shift, 70, 1) == sn_sum64(bytes, 70, 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_the_reference),
        cmocka_unit_test(hashes_of_published_texts_are_the_published_ones),
        cmocka_unit_test(sums_are_those_of_the_other_decoder),
        cmocka_unit_test(sums_notice_flipped_bits_and_another_length),
        cmocka_unit_test(alignment_does_not_matter),
    };

    return RUN_TESTS(tests);
}
