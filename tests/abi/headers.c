/* Compiles one public header, and nothing before it, as C11 and as C++:
 * -DHEADER='<sennit/...>'. Twice, so that it is guarded. */
#include HEADER
#include HEADER

int main(void)
{
    return 0;
}
